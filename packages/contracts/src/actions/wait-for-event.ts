import { z } from 'zod';
import { defineAction } from '../define-action.ts';
import { duration, json, jsonObject } from '../schemas.ts';

/** Waits for something that happens in the app, told by `emit_event`. What came since the run began counts as well. */
export const waitForEventAction = defineAction({
  type: 'wait-for-event',
  kind: 'wait',
  summary: 'Wait for an event of the app.',
  input: z.strictObject({
    event: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._:/-]{0,126}$/, { error: 'must be a name such as "order.paid"' })
      .describe('Name of the event.'),
    match: jsonObject().default({}).describe('What its data must contain, such as {"orderId": "{{ input.orderId }}"}.'),
    timeout: duration().optional().describe('How long at most. Without it, until the deadline of the run.'),
    onTimeout: json().optional().describe('Output when the time is over; without it the step fails then.'),
  }),
  output: z.union([
    z.strictObject({ id: z.string(), name: z.string(), data: jsonObject(), at: z.string() }),
    z.json(),
  ]) as unknown as z.ZodType,
  effectOf: () => 'none',
});
