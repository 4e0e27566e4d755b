import { z } from 'zod';
import { RUN_STATES } from '../run-states.ts';
import { id, moment, parsedJson } from './parts.ts';

/** The rule that holds a queued run, and who stands in its way. */
export const heldBy = z.strictObject({
  label: z.string().describe('The rule in words.'),
  limit: z.int().describe('So many permits there are.'),
  heldCount: z.int().describe('So many are taken.'),
  holders: z
    .array(z.strictObject({ runId: id(), state: z.enum(RUN_STATES), takenAt: moment() }))
    .describe('Runs that hold one and that the caller sees, the oldest first, at most 20.'),
});

/** Where a run stands that is not open yet. */
export const queuePlace = z.strictObject({
  place: z.int().nullable().describe('1: the next one, among those that wait for the same; null: it is not its turn yet.'),
  isChecked: z.boolean().describe('Whether a worker has looked at its input.'),
  isAdmitted: z.boolean(),
  runAt: moment().describe('Not before this time.'),
  expiresAt: moment().nullable(),
  workerCount: z.int().describe('Workers that polled within the last 20 seconds.'),
  heldBy: heldBy.nullable(),
});

/** One thing that an open run waits for. */
export const openWait = z.strictObject({
  kind: z.enum(['event', 'run', 'external', 'sleep', 'retry', 'input']),
  stepId: z.string(),
  iteration: z.int(),
  message: z.string(),
  until: moment()
    .nullable()
    .describe('When it ends by itself: the sleep, the time-out of the wait, the wait before the next attempt.'),
  event: z.string().nullable().describe('Name of the event.'),
  match: parsedJson().describe('What the data of the event must contain, else null.'),
  runId: id().nullable().describe('The child run.'),
  runState: z.enum(RUN_STATES).nullable(),
  tokenCount: z.int().describe('Tokens that were given out for an external step and can still end it.'),
  error: parsedJson().describe('Of the attempt that failed, else null.'),
});
/** One thing that an open run waits for. */
export type OpenWait = z.infer<typeof openWait>;

/** A wish of a person about the run. */
const wish = () => z.strictObject({ at: moment(), reason: z.string().nullable(), by: z.string().nullable() }).nullable();

/** Why a run stands where it stands. */
export const runExplanation = z.strictObject({
  runId: id(),
  state: z.enum(RUN_STATES),
  summary: z.string().describe('One sentence for people.'),
  queue: queuePlace.nullable().describe('null: it is open, or has ended.'),
  waits: z.array(openWait).describe('What it waits for, the earliest first, at most 100.'),
  waitCount: z.int(),
  pause: wish(),
  cancel: wish(),
  stalled: z.strictObject({ at: moment(), reason: z.string() }).nullable(),
});
/** Why a run stands where it stands. */
export type RunExplanation = z.infer<typeof runExplanation>;
