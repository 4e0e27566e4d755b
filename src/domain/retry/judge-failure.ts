import type { RetryPolicy } from '@durabase/contracts';

/** A failed attempt. */
export interface FailedAttempt {
  readonly policy: RetryPolicy;
  /** Failures of the handler so far, this one included. */
  readonly failureCount: number;
  readonly isRetryable: boolean;
  /** The target asked to wait so long, in milliseconds. */
  readonly retryAfterMs?: number | undefined;
}

/** Try again after a wait, or give up. */
export type Verdict = { readonly isFinal: true } | { readonly isFinal: false; readonly delayMs: number };

/** Whether and when a failed attempt is repeated. Pure. */
export function judgeFailure({ policy, failureCount, isRetryable, retryAfterMs = 0 }: FailedAttempt): Verdict {
  if (!isRetryable || failureCount >= policy.maxAttempts) return { isFinal: true };
  const grown = policy.initialIntervalMs * policy.backoffCoefficient ** (failureCount - 1);
  return { isFinal: false, delayMs: Math.round(Math.max(Math.min(grown, policy.maxIntervalMs), retryAfterMs)) };
}
