import { describe, expect, it } from '@jest/globals';
import { createBell } from '../../../src/api/streams/create-bell.ts';
import { createTurns } from '../../../src/api/streams/create-turns.ts';

describe('turns', () => {
  it('let so many in at a time, in order, and one more for each that is done or has failed', async () => {
    const inTurn = createTurns(2);
    const begun: number[] = [];
    const works = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
    const answers = works.map((work, n) =>
      inTurn(async () => {
        begun.push(n);
        await work.promise;
        return n;
      }),
    );
    const settled = Promise.allSettled(answers);
    expect(begun).toEqual([0, 1]);
    works[1]?.resolve();
    expect(await answers[1]).toBe(1);
    expect(begun).toEqual([0, 1, 2]);
    works[0]?.reject(new Error('it did not work'));
    await expect(answers[0]).rejects.toThrow('it did not work');
    expect(begun).toEqual([0, 1, 2, 3]);
    for (const work of works) work.resolve();
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', ...Array<string>(4).fill('fulfilled')]);
    await inTurn(async () => begun.push(5));
    expect(begun).toEqual([0, 1, 2, 3, 4, 5]);
  });
});

describe('a bell', () => {
  it('is heard by who waits, and by who comes later, once for all rings', async () => {
    const bell = createBell();
    const waiting = bell.rung();
    bell.ring();
    await waiting;
    bell.ring();
    bell.ring();
    await bell.rung();
    let isHeard = false;
    const next = bell.rung().then(() => (isHeard = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isHeard).toBe(false);
    bell.ring();
    await next;
  });
});
