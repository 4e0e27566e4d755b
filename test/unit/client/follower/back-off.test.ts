import { describe, expect, it } from '@jest/globals';
import { aroundMs, backOffMs } from '../../../../packages/client/src/follower/back-off.ts';

describe('waits', () => {
  const limits = { firstMs: 500, longestMs: 30_000 };
  it('double up to the longest', () => {
    const waits = [1, 2, 3, 6, 7, 8, 1_000].map((tries) => backOffMs(tries, { ...limits, random: 1 }));
    expect(waits).toEqual([500, 1_000, 2_000, 16_000, 30_000, 30_000, 30_000]);
  });
  it('are spread between half and the whole, so that many clients do not come back at once', () => {
    expect([0, 0.5, 1].map((random) => backOffMs(2, { ...limits, random }))).toEqual([500, 750, 1_000]);
    expect([0, 0.5, 1].map((random) => aroundMs(1_000, random))).toEqual([750, 1_000, 1_250]);
  });
});
