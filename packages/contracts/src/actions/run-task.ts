import { z } from 'zod';
import { defineAction } from '../define-action.ts';
import { duration, json, jsonObject } from '../schemas.ts';

/** Starts another task, with the rights of whoever started this run. */
export const runTaskAction = defineAction({
  type: 'run-task',
  kind: 'child',
  summary: 'Run another task.',
  input: z.strictObject({
    task: z.string().min(1).max(63).describe('Slug or id of a task of the same workspace, or one that is shared.'),
    input: jsonObject().default({}),
    wait: z
      .boolean()
      .default(true)
      .describe('false: the step is done when the run is accepted; that run goes on when this one is cancelled.'),
    priority: z.int().min(1).max(5).optional(),
    timeout: duration().optional().describe('How long to wait at most. Without it, until the deadline of the run.'),
    onTimeout: json().optional().describe('Output when the time is over; without it the step fails then.'),
  }),
  output: z.strictObject({ runId: z.string(), state: z.string(), output: z.json() }),
  effectOf: () => 'idempotent',
});
