import { z } from 'zod';
import { RUN_STATES } from '../run-states.ts';
import { id, taskReference } from './parts.ts';

/** Up to how many runs of a state are counted. */
export const MAX_COUNTED_RUNS = 5_000;

/** Query of `GET /runs/counts`. */
export const countRunsQuery = z.strictObject({ workspace: id().optional(), task: taskReference().optional() });

/** Answer of `GET /runs/counts`: every state that a run can have. */
export const runCounts = z.strictObject({
  counts: z.array(
    z.strictObject({
      state: z.enum(RUN_STATES),
      count: z.int().min(0).max(MAX_COUNTED_RUNS),
      isCapped: z.boolean().describe('There may be more: show "5,000+", or what is counted with a plus.'),
    }),
  ),
});
/** Answer of `GET /runs/counts`. */
export type RunCounts = z.infer<typeof runCounts>;
