import { describe, expect, it } from '@jest/globals';
import { countReady, holdItems } from '../../../../packages/client/src/follower/hold-items.ts';

const items = (...seqs: readonly number[]) => seqs.map((seq) => ({ seq }));

describe('items that wait', () => {
  it('are kept in order, each once, and none that was handed out', () => {
    expect(holdItems(items(5, 6), items(8, 2, 6, 7, 3), 2)).toEqual(items(3, 5, 6, 7, 8));
    expect(holdItems([], items(2, 1), 0)).toEqual(items(1, 2));
    expect(holdItems(items(4), items(5, 5), 3)).toEqual(items(4, 5));
    expect(holdItems(items(4), [], 3)).toEqual(items(4));
  });
  it('are ready as far as there is no gap', () => {
    expect([countReady([], 4), countReady(items(6), 4), countReady(items(5, 6, 8), 4), countReady(items(5, 6), 4)]).toEqual([
      0, 0, 2, 2,
    ]);
  });
});
