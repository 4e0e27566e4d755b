import { isDurabaseError, isIdentityError } from '../errors.ts';
import { backOffMs } from '../follower/back-off.ts';
import { MAX_UNAUTHENTICATED } from '../follower/words.ts';
import type { Connection } from '../follower/connection.ts';
import type { ResolvedTiming } from '../timing.ts';

export interface RetryOptions {
  readonly timing: ResolvedTiming;
  readonly signal: AbortSignal;
  /** Hears of every failure, with the time of the next try. */
  readonly onTrouble: (connection: Connection) => void;
}

/** Repeats a call until it succeeds, is refused for good, or the signal stops it. */
export const retryCall = async <Value>(
  call: () => Promise<Value>,
  { timing, signal, onTrouble }: RetryOptions,
): Promise<Value> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      signal.throwIfAborted();
      const mayPass = isDurabaseError(error) && (error.retryable || (isIdentityError(error) && tries < MAX_UNAUTHENTICATED));
      if (!mayPass) throw error;
      const { firstBackOffMs: firstMs, longestBackOffMs: longestMs } = timing;
      const waitMs = backOffMs(tries, { firstMs, longestMs, random: Math.random() });
      onTrouble({ state: 'reconnecting', reason: error.message, nextTryAt: new Date(Date.now() + waitMs) });
      await sleep(waitMs, signal);
    }
  }
};

/** Rejects with the reason of the signal. */
const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal.addEventListener('abort', onAbort, { once: true });
  });
