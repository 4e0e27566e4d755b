import { z } from 'zod';
import { RUN_STATES } from '../run-states.ts';
import { cursor, id, moment, pageLimit, pageOf, parsedJson, taskReference } from './parts.ts';
import { problemItem } from './problem-body.ts';

const reason = () => z.string().max(1_000).optional().describe('For people.');
const version = () => z.enum(['same', 'newest']).optional();
const stepId = () => z.string().min(1).max(100);

/** Body of `POST /runs/{run}/pause`. */
export const pauseRunBody = z.strictObject({ reason: reason() }).default({});
/** Body of `POST /runs/{run}/resume` and `/retry`: nothing. */
export const noBody = z.strictObject({}).default({});
/** Body of `POST /runs/{run}/rerun`. */
export const rerunBody = z
  .strictObject({
    input: parsedJson().optional().describe('Default: the input of that run.'),
    version: version().describe('`same` as that run, or the `newest` ready one; default: newest.'),
  })
  .default({});
/** Body of `POST /runs/{run}/fork`. */
export const forkRunBody = z.strictObject({
  fromStep: stepId().describe('This step and those that need it are taken again; the outputs of all others are kept.'),
  version: version().describe('`same` as that run, or the `newest` ready one; default: same.'),
});

/** What can be done to many runs at once. */
export const BULK_OPERATIONS = ['cancel', 'pause', 'resume', 'retry', 'rerun', 'fork'] as const;
/** What can be done to many runs at once. */
export type BulkOperation = (typeof BULK_OPERATIONS)[number];

const when = () => z.iso.datetime({ offset: true }).optional();

/** Which runs are meant: all fields must fit, and there must be one. */
export const bulkFilter = z
  .strictObject({
    workspace: id().optional(),
    task: taskReference().optional(),
    states: z.array(z.enum(RUN_STATES)).optional(),
    runIds: z.array(id()).max(1_000).optional(),
    createdAfter: when(),
    createdBefore: when(),
    afterRunId: id().optional().describe('`lastRunId` of the call before.'),
  })
  .refine((filter) => Object.keys(filter).some((field) => field !== 'afterRunId'), {
    error: 'must name something beside afterRunId',
  });
/** Which runs are meant. */
export type BulkFilter = z.infer<typeof bulkFilter>;

/** Body of `POST /runs/bulk`. */
export const bulkBody = z.strictObject({
  operation: z.enum(BULK_OPERATIONS),
  filter: bulkFilter,
  options: z
    .strictObject({ reason: reason(), fromStep: stepId().optional(), version: version() })
    .optional()
    .describe('Of the operation, as in its own route.'),
  maxRuns: z.int().min(0).max(1_000).default(100).describe('At most so many in this call; 0: only count them.'),
});

/** What became of an operation on many runs. */
export const bulkResult = z.strictObject({
  done: z.array(z.strictObject({ runId: id(), newRunId: id().optional() })),
  refused: z.array(problemItem.pick({ code: true, message: true }).extend({ runId: id() })),
  matchCount: z.int().describe('How many runs the filter meant when the call began; counted to 10,000.'),
  isMatchCountExact: z.boolean().describe('false: there are more than 10,000.'),
  remainingCount: z.int().describe('How many of them this call has not looked at.'),
  hasMore: z.boolean().describe('Call again with `lastRunId` as `filter.afterRunId`.'),
  lastRunId: id().nullable(),
});
/** What became of an operation on many runs. */
export type BulkResult = z.infer<typeof bulkResult>;

/** How two runs belong together, as seen from the run that was asked for. */
export const RUN_RELATIONS = ['parent', 'child', 'forked_from', 'fork', 'retried_from', 'retry', 'rerun_of', 'rerun'] as const;

/** A run that another one comes from, or that comes from it. */
export const runLink = z.strictObject({
  relation: z.enum(RUN_RELATIONS).describe('What the other run is to this one.'),
  runId: id().describe('Of the other run.'),
  taskId: id(),
  state: z.enum(RUN_STATES).describe('Of the other run, now.'),
  stepId: z.string().nullable().describe("The parent's step that started the child; the step from which was forked."),
  iteration: z.int().nullable(),
  isWaited: z.boolean().describe('Whether the parent waits for the end of its child.'),
  createdAt: moment(),
});
/** A run that another one comes from, or that comes from it. */
export type RunLink = z.infer<typeof runLink>;
/** A page of links, the oldest first: where the run comes from, then what came from it. */
export const runLinkPage = pageOf(runLink);
/** Query of `GET /runs/{run}/links`. */
export const listLinksQuery = z.strictObject({ cursor: cursor(), limit: pageLimit({ max: 200, usual: 50 }) });
