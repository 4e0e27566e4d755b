import { describe, expect, it } from '@jest/globals';
import { isWanted, readChange, readChangesMessage } from '../../../../packages/client/src/live/change.ts';
import { shareCalls } from '../../../../packages/client/src/live/feeds.ts';

const FEED = 'workspace:w';
const rowOf = (seq: number) => ({ seq, kind: 'run', id: `run-${seq}`, version: 2, state: 'running' });

describe('a message of changes', () => {
  it('tells them all where none is missing inside', () => {
    const said = readChangesMessage({ feed: FEED, first: 4, last: 5, changes: [rowOf(4), rowOf(5)], id: 'added' }, FEED);
    expect(said).toEqual({
      last: 5,
      items: [
        { type: 'change', feed: FEED, seq: 4, kind: 'run', id: 'run-4', version: 2, state: 'running' },
        { type: 'change', feed: FEED, seq: 5, kind: 'run', id: 'run-5', version: 2, state: 'running' },
      ],
    });
  });
  it('tells a number only where it is not complete', () => {
    for (const changes of [undefined, [], [rowOf(3), rowOf(5)], [rowOf(5), rowOf(4)], [rowOf(4)]])
      expect(readChangesMessage({ first: 3, last: 5, changes }, FEED)).toEqual({ last: 5 });
  });
  it('tells nothing where it cannot be read', () => {
    for (const payload of [undefined, null, 'x', {}, { last: '5' }]) expect(readChangesMessage(payload, FEED)).toBeUndefined();
  });
});

describe('a filter', () => {
  const run = readChange({ ...rowOf(1), task_id: 'task-1' }, FEED);
  const task = readChange({ ...rowOf(2), kind: 'task', id: 'task-1', state: 'live', task_id: 'task-1' }, FEED);
  it('lets through what fits all of it', () => {
    const fits = (filter: Parameters<typeof isWanted>[1]): readonly boolean[] => [run, task].map((one) => isWanted(one, filter));
    expect(fits({})).toEqual([true, true]);
    expect(fits({ kinds: ['task'] })).toEqual([false, true]);
    expect(fits({ states: ['running'] })).toEqual([true, false]);
    expect(fits({ states: ['completed'] })).toEqual([false, false]);
    expect(fits({ ids: ['run-1'] })).toEqual([true, false]);
    expect(fits({ taskId: 'task-1' })).toEqual([true, true]);
    expect(fits({ taskId: 'task-2' })).toEqual([false, false]);
    expect(fits({ kinds: ['run'], ids: ['task-1'] })).toEqual([false, false]);
  });
});

describe('calls that are shared', () => {
  it('answer all who ask at the same time by one, and who comes later by the next one', async () => {
    const finishers: ((value: number) => void)[] = [];
    const ask = shareCalls(() => new Promise<number>((resolve) => finishers.push(resolve)));
    const first = [ask(), ask()];
    await Promise.resolve();
    await Promise.resolve();
    expect(finishers.length).toBe(1);
    const second = [ask(), ask(), ask()];
    finishers[0]?.(1);
    expect(await Promise.all(first)).toEqual([1, 1]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(finishers.length).toBe(2);
    finishers[1]?.(2);
    expect(await Promise.all(second)).toEqual([2, 2, 2]);
  });
  it('go on after one that failed', async () => {
    let count = 0;
    const ask = shareCalls(async () => {
      count += 1;
      if (count === 1) throw new Error('the first one fails');
      return count;
    });
    const first = ask();
    await Promise.resolve();
    await Promise.resolve();
    const second = ask();
    await expect(first).rejects.toThrow('the first one fails');
    expect(await second).toBe(2);
  });
});
