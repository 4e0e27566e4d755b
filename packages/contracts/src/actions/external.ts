import { z } from 'zod';
import { defineAction } from '../define-action.ts';
import { duration, json } from '../schemas.ts';

/**
 * Work that is done elsewhere: the step waits until `complete_step` or `fail_step` is called for it, by somebody who may, or
 * with the token that `step_token` gives out.
 */
export const externalAction = defineAction({
  type: 'external',
  kind: 'wait',
  summary: 'Wait until somebody else has done it.',
  input: z.strictObject({
    data: json().optional().describe('What the other side needs to know; it stands in the row of the step.'),
    timeout: duration().optional().describe('How long at most. Without it, until the deadline of the run.'),
    onTimeout: json().optional().describe('Output when the time is over; without it the step fails then.'),
  }),
  output: z.json() as unknown as z.ZodType,
  effectOf: () => 'none',
});
