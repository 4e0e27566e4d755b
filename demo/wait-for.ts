import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  readonly what: string;
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
  readonly everyMs?: number;
}

/** Asks again until there is an answer; says what it waited for when there is none in time. */
export async function waitFor<Found>(
  find: () => Found | undefined | Promise<Found | undefined>,
  { what, signal, timeoutMs = 30_000, everyMs = 50 }: WaitOptions,
): Promise<Found> {
  const deadlineAtMs = performance.now() + timeoutMs;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    if (performance.now() > deadlineAtMs) throw new Error(`${what}: not so after ${timeoutMs / 1_000} s`);
    await delay(everyMs, undefined, { signal });
  }
}
