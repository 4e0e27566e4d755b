import type { runTaskAction } from '@durabase/contracts';
import { boundOf, outputWhenLate, type WaitHandler } from './wait-handler.ts';

/** Postgres accepts the run and ends the wait when that run has ended; see `start_child` and `take_child`. */
export const runTaskWait: WaitHandler<typeof runTaskAction> = {
  begin: (input, now) => ({
    ...boundOf(input, now),
    wait: {
      kind: 'child',
      task: input.task,
      input: input.input,
      isWaited: input.wait,
      ...(input.priority === undefined ? {} : { priority: input.priority }),
    },
  }),
  late: outputWhenLate,
};
