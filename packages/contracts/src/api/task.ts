import { z } from 'zod';
import { cursor, id, moment, pageLimit, pageOf, parsedJson, parsedJsonObject, taskReference } from './parts.ts';
import { problemItem } from './problem-body.ts';

const versionState = () => z.enum(['draft', 'ready', 'invalid']);

/** A task, with its newest version and the one that is executed. */
export const taskSummary = z.strictObject({
  id: id(),
  workspaceId: id(),
  slug: z.string(),
  name: z.string(),
  type: z.string().nullable(),
  description: z.string().nullable(),
  tags: z.array(z.string()),
  latestVersion: z.strictObject({ id: id(), number: z.int(), state: versionState() }).nullable(),
  readyVersion: z.strictObject({ id: id(), number: z.int() }).nullable().describe('What a start executes; null: none yet.'),
  createdBy: id().nullable(),
  createdAt: moment(),
  updatedAt: moment(),
});
/** A task, with its newest version and the one that is executed. */
export type TaskSummary = z.infer<typeof taskSummary>;

/** One saved state of a task. */
export const taskVersion = z.strictObject({
  id: id(),
  taskId: id(),
  workspaceId: id(),
  number: z.int(),
  state: versionState(),
  definition: parsedJson(),
  problems: parsedJson().describe('Why it is invalid, else null.'),
  mode: z.enum(['async', 'sync']).nullable(),
  priority: z.int().nullable(),
  createdBy: id().nullable(),
  createdAt: moment(),
  publishedAt: moment().nullable(),
});
/** One saved state of a task. */
export type TaskVersion = z.infer<typeof taskVersion>;

/** A task with its newest version in full. */
export const taskWithVersion = z.strictObject({ task: taskSummary, version: taskVersion.nullable() });
/** A task with its newest version in full. */
export type TaskWithVersion = z.infer<typeof taskWithVersion>;

/** A page of tasks, newest first. */
export const taskPage = pageOf(taskSummary);
/** A page of versions, newest first. */
export const taskVersionPage = pageOf(taskVersion);

/** Body of `POST /tasks` and `POST /tasks/validate`: a task definition. The compiler says what is wrong with it. */
export const taskBody = parsedJsonObject();

/** Verdict of `POST /tasks/validate`. */
export const taskVerdict = z.strictObject({ isValid: z.boolean(), problems: z.array(problemItem) });

/** Query of `POST /tasks` and of everything that finds a task by its slug. */
export const workspaceQuery = z.strictObject({ workspace: id().optional() });

/** Parameters of everything below `/tasks/{task}`. */
export const taskParams = z.strictObject({ task: taskReference() });

/** Query of `GET /tasks`. */
export const listTasksQuery = z.strictObject({
  workspace: id().optional(),
  tag: z.string().min(1).max(63).optional(),
  type: z.string().min(1).max(63).optional(),
  q: z.string().min(1).max(63).optional().describe('Beginning of the slug.'),
  cursor: cursor(),
  limit: pageLimit({ max: 200, usual: 50 }),
});

/** Query of `GET /tasks/{task}/versions`. */
export const listVersionsQuery = z.strictObject({
  workspace: id().optional(),
  cursor: cursor(),
  limit: pageLimit({ max: 200, usual: 50 }),
});
