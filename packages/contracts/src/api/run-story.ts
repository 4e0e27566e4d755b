import { z } from 'zod';
import { RUN_STATES } from '../run-states.ts';
import { id, moment } from './parts.ts';

/** A run in plain sentences. */
export const runStory = z.strictObject({
  runId: id(),
  state: z.enum(RUN_STATES),
  happened: z.array(z.strictObject({ seq: z.int().describe('Number of the event.'), at: moment(), text: z.string() })),
  isWhole: z.boolean().describe('false: only the first 1,000 events are told.'),
  waitsFor: z.string().nullable().describe('Why it stands where it stands; null: it has ended.'),
  next: z.string().nullable().describe('Steps that are still to come.'),
  temporalUrl: z.url().nullable().describe("The run in Temporal's Web UI, where this instance knows its address."),
});
/** A run in plain sentences. */
export type RunStory = z.infer<typeof runStory>;
