import { describe, expect, it } from '@jest/globals';
import { judgeFailure } from '../../../../src/domain/retry/judge-failure.ts';

const policy = { maxAttempts: 5, initialIntervalMs: 1_000, backoffCoefficient: 2, maxIntervalMs: 5_000 };
const judge = (more: Partial<Parameters<typeof judgeFailure>[0]>) =>
  judgeFailure({ policy, failureCount: 1, isRetryable: true, ...more });

describe('judgeFailure', () => {
  it('waits longer after each failure, up to the longest interval, then gives up', () => {
    expect([1, 2, 3, 4, 5, 6].map((failureCount) => judge({ failureCount }))).toEqual([
      { isFinal: false, delayMs: 1_000 },
      { isFinal: false, delayMs: 2_000 },
      { isFinal: false, delayMs: 4_000 },
      { isFinal: false, delayMs: 5_000 },
      { isFinal: true },
      { isFinal: true },
    ]);
  });

  it('gives up at once where a retry cannot help, whatever the target asks for', () => {
    expect(judge({ isRetryable: false, retryAfterMs: 1 })).toEqual({ isFinal: true });
  });

  it('gives up after the only attempt', () => {
    expect(judge({ policy: { ...policy, maxAttempts: 1 } })).toEqual({ isFinal: true });
  });

  it('waits as long as the target asks for, beyond the longest interval too', () => {
    expect(judge({ retryAfterMs: 60_000 })).toEqual({ isFinal: false, delayMs: 60_000 });
  });

  it('does not come earlier because the target would take it', () => {
    expect(judge({ failureCount: 3, retryAfterMs: 10 })).toEqual({ isFinal: false, delayMs: 4_000 });
    expect(judge({ retryAfterMs: undefined })).toEqual({ isFinal: false, delayMs: 1_000 });
  });

  it('waits steadily with a factor of 1, and not at all with an interval of 0', () => {
    expect(judge({ failureCount: 4, policy: { ...policy, backoffCoefficient: 1 } })).toEqual({ isFinal: false, delayMs: 1_000 });
    expect(judge({ failureCount: 4, policy: { ...policy, initialIntervalMs: 0 } })).toEqual({ isFinal: false, delayMs: 0 });
  });

  it('answers in whole milliseconds, at the far end of every policy too', () => {
    const extreme = { maxAttempts: 100, initialIntervalMs: 333, backoffCoefficient: 10, maxIntervalMs: 316_224_000_000 };
    for (let failureCount = 1; failureCount < 100; failureCount += 1) {
      const verdict = judge({ policy: extreme, failureCount });
      expect(verdict.isFinal || Number.isSafeInteger(verdict.delayMs)).toBe(true);
    }
    expect(judge({ policy: { ...policy, backoffCoefficient: 1.3333 }, failureCount: 2 })).toEqual({
      isFinal: false,
      delayMs: 1_333,
    });
  });
});
