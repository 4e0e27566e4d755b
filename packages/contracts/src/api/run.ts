import { z } from 'zod';
import { RUN_STATES, STEP_STATES } from '../run-states.ts';
import { problemItem } from './problem-body.ts';
import { afterNumber, cursor, id, moment, pageLimit, pageOf, parsedJson, taskReference } from './parts.ts';

/** A run. */
export const run = z.strictObject({
  id: id(),
  workspaceId: id(),
  taskId: id(),
  versionId: id(),
  state: z.enum(RUN_STATES),
  reason: parsedJson().describe('Why it waits, while it does: `{ code, message, … }`, else null.'),
  mode: z.enum(['async', 'sync']),
  priority: z.int().describe('1 (first) to 5 (last).'),
  input: parsedJson(),
  output: parsedJson().describe('null until it has completed, and where outputRef stands.'),
  outputRef: parsedJson().describe(
    'In place of a large output: `{ payload, bytes, sha256, preview }`; read it at `/payloads/{payload}`.',
  ),
  error: parsedJson().describe('`{ code, message, … }` of a run that did not end well, else null.'),
  source: z.enum(['call', 'temporal', 'adopted']),
  actor: z.strictObject({
    kind: z.enum(['user', 'service', 'sql_role', 'operator', 'api_key']),
    userId: id().nullable(),
    name: z.string(),
  }),
  idempotencyKey: z.string().nullable(),
  workflowId: z.string(),
  temporalRunId: z.string().nullable(),
  runAt: moment(),
  expiresAt: moment().nullable(),
  startedAt: moment().nullable(),
  deadlineAt: moment().nullable(),
  finishedAt: moment().nullable(),
  cancelRequestedAt: moment().nullable(),
  cancelReason: z.string().nullable(),
  pauseRequestedAt: moment().nullable().describe('Since when somebody holds it; steps under way end first.'),
  pauseReason: z.string().nullable(),
  stalledAt: moment().nullable(),
  stalledReason: z.string().nullable(),
  archivedAt: moment().nullable(),
  epoch: z.int(),
  lastEventSeq: z.int().describe('Number of its newest event.'),
  version: z.int().describe('Grows with every change; the highest wins.'),
  createdAt: moment(),
  updatedAt: moment(),
});
/** A run. */
export type Run = z.infer<typeof run>;

/** A page of runs, newest first. */
export const runPage = pageOf(run);

/** Fields of a start that do not name the task. */
const startFields = {
  input: parsedJson().optional().describe('Default: an empty object.'),
  workspace: id().optional().describe('Default: the one where the caller sees a task of this name.'),
  runAt: z.iso
    .datetime({ offset: true })
    .refine((text) => Date.parse(text) >= 0, { error: 'must not be before 1970' })
    .optional()
    .describe('Not before this time.'),
  priority: z.int().min(1).max(5).optional().describe("1 (first) to 5 (last); default: the task's."),
};

/** Body of `POST /tasks/{task}/runs`. */
export const startTaskRunBody = z.strictObject(startFields).default({});
/** Body of `POST /runs`. */
export const startRunBody = z.strictObject({ task: taskReference(), ...startFields });

/** How many runs one call may start. */
export const MAX_BATCH = 1_000;

/** Body of `POST /runs/batch`. */
export const startRunsBody = z.strictObject({
  runs: z
    .array(
      startRunBody.extend({
        idempotencyKey: z
          .string()
          .regex(/^[\x20-\x7e]{1,200}$/, { error: 'must have 1 to 200 printable ASCII characters' })
          .optional()
          .describe("Of this run; default: follows from the header Idempotency-Key and the run's place in the list."),
      }),
    )
    .min(1)
    .max(MAX_BATCH),
});

/** What became of one run of a batch. */
export const batchItem = z.union([
  z.strictObject({
    run,
    isReplayed: z.boolean().describe('Whether its idempotency key belongs to a run that was there before.'),
  }),
  z.strictObject({ error: problemItem }),
]);
/** What became of one run of a batch. */
export type BatchItem = z.infer<typeof batchItem>;

/** Answer of `POST /runs/batch`: as many items as runs were asked for, in their order; each starts or is refused by itself. */
export const batchResult = z.strictObject({
  items: z.array(batchItem),
  startedCount: z.int(),
  replayedCount: z.int(),
  refusedCount: z.int(),
});

/** Body of `POST /runs/{run}/cancel`. */
export const cancelRunBody = z.strictObject({ reason: z.string().max(1_000).optional() }).default({});

/** Parameters of everything below `/runs/{run}`. */
export const runParams = z.strictObject({ run: id() });

const states = z
  .string()
  .transform((text) => text.split(','))
  .pipe(z.array(z.enum(RUN_STATES)).min(1).max(RUN_STATES.length));

const createdAt = () =>
  z.iso
    .datetime({ offset: true })
    .refine((text) => Date.parse(text) >= 0, { error: 'must not be before 1970' })
    .optional();

/** Query of `GET /runs`. */
export const listRunsQuery = z.strictObject({
  workspace: id().optional(),
  task: taskReference().optional(),
  states: states.optional().describe('Separated by commas.'),
  errorCode: z.string().min(1).max(200).optional().describe('The code of the error that the run carries, as `STEP_FAILED`.'),
  q: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe(
      'Words of task, tags, input and error, or the id of a run; at most 20 words; `-word` excludes, `or` joins. A run is found about a second after it was accepted or has ended.',
    ),
  actor: id().optional().describe('Id of the user who started them.'),
  since: createdAt().describe('Made at this time or later.'),
  until: createdAt().describe('Made before this time.'),
  cursor: cursor(),
  limit: pageLimit({ max: 200, usual: 50 }),
});

/** How far a loop has come. */
export const loopProgress = z.strictObject({
  total: z.int().describe('How many items it walks over.'),
  done: z.int().describe('Iterations that have ended, well or by being skipped.'),
  failed: z.int().describe('Iterations that have ended badly.'),
});
/** How far a loop has come. */
export type LoopProgress = z.infer<typeof loopProgress>;

/** One use of an action inside a run. */
export const runStep = z.strictObject({
  runId: id(),
  stepId: z.string(),
  iteration: z.int().describe('-1: the loop itself; 0, 1, 2 … inside of it; 0 for a step that is in none.'),
  name: z.string(),
  action: z.string(),
  state: z.enum(STEP_STATES),
  epoch: z.int(),
  attempt: z.int(),
  failureCount: z.int(),
  input: parsedJson().describe('Resolved when the step became ready, secrets left out.'),
  output: parsedJson(),
  outputRef: parsedJson(),
  error: parsedJson(),
  nextAttemptAt: moment().nullable(),
  wakesAt: moment().nullable(),
  skipReason: z.string().nullable().describe('Why it was skipped, where it was.'),
  progress: loopProgress.nullable().describe('Of a loop (iteration -1), else null.'),
  startedAt: moment(),
  finishedAt: moment().nullable(),
  version: z.int(),
  updatedAt: moment(),
});
/** One use of an action inside a run. */
export type RunStep = z.infer<typeof runStep>;

/** A page of steps, in the order in which they started. */
export const runStepPage = pageOf(runStep);

/** Query of `GET /runs/{run}/steps`. */
export const listStepsQuery = z.strictObject({ cursor: cursor(), limit: pageLimit({ max: 1_000, usual: 200 }) });

/** One line of a run's feed. */
export const runEvent = z.strictObject({
  seq: z.int().describe('1, 2, 3 … within its run, without a gap.'),
  at: moment(),
  kind: z.string(),
  state: z.enum(RUN_STATES).nullable(),
  stepId: z.string().nullable(),
  iteration: z.int().nullable(),
  attempt: z.int().nullable(),
  data: parsedJson(),
});
/** One line of a run's feed. */
export type RunEvent = z.infer<typeof runEvent>;

/** Events of a run, in order; ask again with `after` = `lastSeq`. */
export const runEventList = z.strictObject({ items: z.array(runEvent), lastSeq: z.int() });

/** Query of `GET /runs/{run}/events`. */
export const listEventsQuery = z.strictObject({
  after: afterNumber().default(0),
  limit: pageLimit({ max: 1_000, usual: 500 }).describe('Of a page; a stream has none.'),
});

/** Data of the message `end` of a run's stream. */
export const runStreamEnd = z.strictObject({ state: z.enum(RUN_STATES), lastSeq: z.int() });
