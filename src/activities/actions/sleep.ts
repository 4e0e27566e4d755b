import { type Json, parseDurationMs } from '@durabase/contracts';

/** When a `sleep` step wakes. Pure: the workflow does the waiting. */
export function wakeTime(input: { readonly duration: string } | { readonly until: string }, now: Date): Date {
  if ('until' in input) return new Date(input.until);
  return new Date(now.getTime() + (parseDurationMs(input.duration) ?? 0));
}

/** Output of a `sleep` step. */
export const sleepOutput = (wokeAt: Date): Json => ({ wokeAt: wokeAt.toISOString() });
