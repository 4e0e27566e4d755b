import { describe, expect, it } from '@jest/globals';
import { createItemQueue } from '../../../../packages/client/src/live/item-queue.ts';

const createNoted = (bound: number) => {
  const notes: string[] = [];
  const queue = createItemQueue<number>({ bound, onFull: () => notes.push('full'), onDrained: () => notes.push('drained') });
  return { queue, notes };
};
const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

describe('a queue', () => {
  it('gives what is there, or waits for it', async () => {
    const { queue } = createNoted(10);
    queue.push([1, 2]);
    expect(await queue.take()).toEqual([1, 2]);
    const waiting = queue.take();
    queue.push([3]);
    expect(await waiting).toEqual([3]);
  });
  it('says once that it is full, and once that half of it was read', async () => {
    const { queue, notes } = createNoted(400);
    queue.push(numbers(399));
    expect(notes).toEqual([]);
    queue.push([1]);
    queue.push([2]);
    expect(notes).toEqual(['full']);
    await queue.take();
    expect(notes).toEqual(['full']);
    await queue.take();
    await queue.take();
    expect(notes).toEqual(['full', 'drained']);
    await queue.take();
    queue.push(numbers(500));
    expect(notes).toEqual(['full', 'drained', 'full']);
  });
  it('gives what is left before its end, and before its error', async () => {
    const { queue } = createNoted(10);
    queue.push([1]);
    queue.end();
    queue.push([2]);
    expect([await queue.take(), await queue.take(), await queue.take()]).toEqual([[1], undefined, undefined]);
    const broken = createNoted(10).queue;
    broken.push([1]);
    broken.end(new Error('first'));
    broken.end(new Error('second'));
    expect(await broken.take()).toEqual([1]);
    await expect(broken.take()).rejects.toThrow('first');
  });
  it('drops what is left where it is cut, and wakes who waits', async () => {
    const { queue } = createNoted(10);
    const waiting = queue.take();
    queue.cut();
    expect(await waiting).toBeUndefined();
    const cut = createNoted(10).queue;
    cut.push([1, 2]);
    cut.cut(new Error('signed out'));
    await expect(cut.take()).rejects.toThrow('signed out');
  });
});
