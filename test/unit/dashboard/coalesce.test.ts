import { describe, expect, it } from '@jest/globals';
import { coalesce } from '../../../packages/dashboard/src/lib/coalesce.ts';
import { eventually } from '../../support/eventually.ts';

/** A job that is over when it is told so. */
const heldJob = () => {
  const ends: (() => void)[] = [];
  const job = (): Promise<void> => new Promise((resolve) => ends.push(resolve));
  return { job, startedCount: () => ends.length, end: () => ends.at(-1)?.() };
};

describe('coalesce', () => {
  it('does it once more behind, however often it was asked for meanwhile', async () => {
    const { job, startedCount, end } = heldJob();
    const ask = coalesce(job);
    ask();
    ask();
    ask();
    expect(startedCount()).toBe(1);
    end();
    await eventually(() => expect(startedCount()).toBe(2));
    end();
    ask();
    await eventually(() => expect(startedCount()).toBe(3));
  });

  it('goes on after one that failed', async () => {
    let count = 0;
    const ask = coalesce(async () => {
      count += 1;
      throw new Error('not reachable');
    });
    ask();
    ask();
    await eventually(() => expect(count).toBe(2));
  });
});
