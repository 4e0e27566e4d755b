import type { externalAction } from '@durabase/contracts';
import { boundOf, outputWhenLate, type WaitHandler } from './wait-handler.ts';

/** Ended by `complete_step` or `fail_step`. */
export const externalWait: WaitHandler<typeof externalAction> = {
  begin: (input, now) => ({ ...boundOf(input, now), wait: { kind: 'external' } }),
  late: outputWhenLate,
};
