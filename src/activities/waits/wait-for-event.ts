import type { waitForEventAction } from '@durabase/contracts';
import { boundOf, outputWhenLate, type WaitHandler } from './wait-handler.ts';

/** Postgres compares events with what is waited for; see `arm_wait`. */
export const waitForEvent: WaitHandler<typeof waitForEventAction> = {
  begin: (input, now) => ({ ...boundOf(input, now), wait: { kind: 'event', name: input.event, match: input.match } }),
  late: outputWhenLate,
};
