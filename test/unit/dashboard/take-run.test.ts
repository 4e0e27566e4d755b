import { describe, expect, it } from '@jest/globals';
import { readIdRange } from '../../../packages/dashboard/src/features/runs/read-id-range.ts';
import { takeRun } from '../../../packages/dashboard/src/features/runs/take-run.ts';
import { aRun, at } from './builders.ts';

const nowMs = Date.parse(at(0)) + 60_000;
const run = (id: string, seconds: number, fields = {}) => aRun({ id, createdAt: at(seconds * 1_000), ...fields });
const pages = [
  { items: [run('d', 40), run('c', 30)], nextCursor: 'more' },
  { items: [run('b', 20)], nextCursor: undefined },
];
const ids = (taken: typeof pages | readonly { readonly items: readonly { readonly id: string }[] }[]) =>
  taken.map(({ items }) => items.map(({ id }) => id));

describe('takeRun', () => {
  it('puts a new run where it belongs', () => {
    expect(ids(takeRun(pages, run('e', 50), {}, nowMs))).toEqual([['e', 'd', 'c'], ['b']]);
    expect(ids(takeRun(pages, run('x', 25), {}, nowMs))).toEqual([
      ['d', 'c'],
      ['x', 'b'],
    ]);
    expect(ids(takeRun(pages, run('a', 10), {}, nowMs))).toEqual([
      ['d', 'c'],
      ['b', 'a'],
    ]);
  });

  it('leaves one that is older than everything to the page that will bring it', () => {
    const [first] = pages;
    expect(ids(takeRun(first === undefined ? [] : [first], run('a', 10), {}, nowMs))).toEqual([['d', 'c']]);
  });

  it('replaces a run by a newer version only', () => {
    const newer = takeRun(pages, run('c', 30, { version: 2, state: 'completed' }), {}, nowMs);
    expect(newer[0]?.items[1]?.state).toBe('completed');
    expect(takeRun(newer, run('c', 30, { version: 2, state: 'running' }), {}, nowMs)).toBe(newer);
  });

  it('drops a run that no longer fits, and takes none that does not', () => {
    const filter = { states: 'running' };
    expect(ids(takeRun(pages, run('c', 30, { version: 2, state: 'completed' }), filter, nowMs))).toEqual([['d'], ['b']]);
    expect(ids(takeRun(pages, run('e', 50, { taskId: 'other' }), { task: 't' }, nowMs))).toEqual(ids(pages));
    expect(ids(takeRun(pages, run('e', -7_200), { since: '1h' }, nowMs))).toEqual(ids(pages));
  });
});

describe('readIdRange', () => {
  it('spans every id with that beginning', () => {
    expect(readIdRange('01A1-fd')).toEqual({
      first: '01a1fd00-0000-0000-0000-000000000000',
      last: '01a1fdff-ffff-ffff-ffff-ffffffffffff',
    });
    const whole = '01a1fd6f-5cd5-7487-8b28-1748dc28203e';
    expect(readIdRange(`run-${whole}`)).toEqual({ first: whole, last: whole });
  });

  it.each(['', 'abc', 'report', '01a1fd6f-5cd5-7487-8b28-1748dc28203e0'])('finds nothing for %j', (text) => {
    expect(readIdRange(text)).toBeUndefined();
  });
});
