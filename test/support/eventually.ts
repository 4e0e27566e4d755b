import { setTimeout as delay } from 'node:timers/promises';

export interface EventuallyOptions {
  /** @default 10_000 */
  readonly timeoutMs?: number;
  /** @default 20 */
  readonly everyMs?: number;
}

/**
 * Repeats `attempt` until it returns without throwing, and returns what it returned; after the deadline it throws with the
 * last error as cause. Put the expectation inside: `await eventually(async () => expect(await readState()).toBe('completed'))`.
 */
export const eventually = async <Result>(
  attempt: () => Result | Promise<Result>,
  { timeoutMs = 10_000, everyMs = 20 }: EventuallyOptions = {},
): Promise<Result> => {
  const deadlineMs = performance.now() + timeoutMs;
  for (let tries = 1; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() >= deadlineMs) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(`still not so after ${timeoutMs} ms and ${tries} tries: ${reason}`, { cause: error });
      }
    }
    await delay(everyMs);
  }
};
