import { setTimeout as delay } from 'node:timers/promises';

export interface WaitOptions {
  readonly timeoutMs: number;
  /** @default 20 */
  readonly intervalMs?: number;
}

/** Asks again and again until the answer is true; false when time is up. */
export const waitUntil = async (
  check: () => boolean | Promise<boolean>,
  { timeoutMs, intervalMs = 20 }: WaitOptions,
): Promise<boolean> => {
  const deadlineMs = Date.now() + timeoutMs;
  for (;;) {
    if (await check()) return true;
    if (Date.now() >= deadlineMs) return false;
    await delay(intervalMs);
  }
};
