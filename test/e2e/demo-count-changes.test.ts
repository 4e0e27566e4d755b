import { describe, expect, it } from '@jest/globals';
import type { FeedItem } from '@durabase/client';
import { countChanges, type KeptChange } from '../../demo/count-changes.ts';

const KEPT: readonly KeptChange[] = [1, 2, 3, 4].map((seq) => ({
  seq,
  kind: 'run',
  id: 'run-1',
  version: seq,
  state: 'running',
}));
const handOut = (...numbers: readonly number[]): readonly FeedItem[] =>
  numbers.map((seq) => ({ type: 'change', feed: 'workspace:1', seq, kind: 'run', id: 'run-1', version: seq, state: 'running' }));
const count = (items: readonly FeedItem[]) => countChanges('main', items, KEPT);

describe('countChanges of the demo', () => {
  it('finds nothing where every change came once', () => {
    expect(count(handOut(1, 2, 3, 4))).toEqual({
      name: 'main',
      changeCount: 4,
      first: 1,
      last: 4,
      missingCount: 0,
      doubledCount: 0,
      problems: [],
    });
  });

  it('leaves out what came after the database was asked', () => {
    expect(count(handOut(1, 2, 3, 4, 5))).toMatchObject({ changeCount: 4, last: 4, problems: [] });
  });

  it.each<[string, readonly FeedItem[], Readonly<Record<string, unknown>>]>([
    ['a gap', handOut(1, 4), { missingCount: 2, doubledCount: 0, problems: ['missing: 2…3'] }],
    ['a beginning that is missing', handOut(3, 4), { first: 3, missingCount: 2, problems: ['missing: 1…2'] }],
    ['two gaps', handOut(2, 4), { missingCount: 2, problems: ['missing: 1, 3'] }],
    ['an end that is missing', handOut(1, 2, 3), { last: 3, missingCount: 1, problems: ['missing: 4'] }],
    ['that nothing came', [], { changeCount: 0, first: 0, last: 0, missingCount: 4, problems: ['missing: 1…4'] }],
    ['a change that came twice', handOut(1, 2, 2, 3, 4), { missingCount: 0, doubledCount: 1, problems: ['doubled: 2'] }],
    ['a change out of order', handOut(1, 3, 2, 4), { missingCount: 0, doubledCount: 0, problems: ['late: 2'] }],
    [
      'another state than is kept',
      handOut(1, 2, 3, 4).map((item) => ({ ...item, state: 'completed' }) as FeedItem),
      { missingCount: 0, problems: ['not as it is kept: 1…4'] },
    ],
    [
      'a new beginning',
      [...handOut(1, 2, 3, 4), { type: 'resync', feed: 'workspace:1', after: 4, reason: 'pruned' }],
      { missingCount: 0, problems: ['it had to begin anew after 4: pruned'] },
    ],
  ])('finds %s', (_, items, found) => {
    expect(count(items)).toMatchObject(found);
  });
});
