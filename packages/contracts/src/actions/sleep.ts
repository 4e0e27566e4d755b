import { z } from 'zod';
import { defineAction } from '../define-action.ts';
import { duration } from '../schemas.ts';

/** Waits inside the workflow: a durable timer that costs nothing while it runs. */
export const sleepAction = defineAction({
  type: 'sleep',
  kind: 'wait',
  summary: 'Wait for a duration, or until a time.',
  input: z.union([
    z.strictObject({ duration: duration().describe('How long, such as "10 minutes" or "2 days".') }),
    z.strictObject({ until: z.iso.datetime({ offset: true }).describe('Wake at this time; a time in the past wakes at once.') }),
  ]),
  output: z.strictObject({ wokeAt: z.string() }),
  effectOf: () => 'none',
});
