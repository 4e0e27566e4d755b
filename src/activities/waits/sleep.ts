import { parseDurationMs, type sleepAction } from '@durabase/contracts';
import type { WaitHandler } from './wait-handler.ts';

/** Pure: the workflow does the waiting. */
export const sleepWait: WaitHandler<typeof sleepAction> = {
  begin: (input, now) => ({
    wakesAt: 'until' in input ? new Date(input.until) : new Date(now.getTime() + (parseDurationMs(input.duration) ?? 0)),
  }),
  late: (_, now) => ({ output: { wokeAt: now.toISOString() } }),
};
