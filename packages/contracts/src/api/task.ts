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
  deletedAt: moment().nullable().describe('null: it is not deleted.'),
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

/** Number of a version, in a path or a query. */
const versionNumber = () =>
  z
    .string()
    .regex(/^[1-9]\d{0,8}$/, { error: 'must be the number of a version' })
    .transform(Number)
    .meta({ type: 'integer', minimum: 1 });

/** Parameters of everything below `/tasks/{task}/versions/{version}`. */
export const taskVersionParams = z.strictObject({ task: taskReference(), version: versionNumber() });

/** Query of `GET /tasks/{task}/diff`. */
export const taskDiffQuery = z.strictObject({
  workspace: id().optional(),
  from: versionNumber().optional().describe('Default: the version before `to`.'),
  to: versionNumber().optional().describe('Default: the newest version.'),
});

/** One field in which two definitions differ. */
export const fieldChange = z.strictObject({
  path: z.string().describe('Steps by their ids, such as `steps.fetch.with.url`; empty: the definition as a whole.'),
  kind: z.enum(['added', 'removed', 'changed']),
  before: parsedJson().optional().describe('Not there where the field was added.'),
  after: parsedJson().optional().describe('Not there where the field was removed.'),
});
/** One field in which two definitions differ. */
export type FieldChange = z.infer<typeof fieldChange>;

/** In what two definitions of a task differ. */
export const taskDiff = z.strictObject({
  from: z.int().nullable().describe('Number of the older version; null: before the first.'),
  to: z.int().nullable().describe('Number of the newer version; null: the definition that was sent.'),
  changes: z.array(fieldChange).describe('Empty: they say the same.'),
});
/** In what two definitions of a task differ. */
export type TaskDiff = z.infer<typeof taskDiff>;

/** Query of `GET /tasks`. */
export const listTasksQuery = z.strictObject({
  deleted: z.enum(['true', 'false']).default('false').describe('true: the deleted ones, and no others.'),
  workspace: id().optional(),
  tag: z.string().min(1).max(63).optional(),
  type: z.string().min(1).max(63).optional(),
  q: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe(
      'Beginning of the slug, or words of slug, name, description and tags; `-word` excludes, `or` joins, quotes keep together.',
    ),
  cursor: cursor(),
  limit: pageLimit({ max: 200, usual: 50 }),
});

/** Query of `GET /tasks/{task}/versions`. */
export const listVersionsQuery = z.strictObject({
  workspace: id().optional(),
  cursor: cursor(),
  limit: pageLimit({ max: 200, usual: 50 }),
});
