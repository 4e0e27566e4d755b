import { describe, expect, it } from '@jest/globals';
import { PlatformError } from '@durabase/contracts';
import { createLoop, type Rest } from '../../../src/loop/create-loop.ts';
import type { Log } from '../../../src/ports/log.ts';
import { eventually } from '../../support/eventually.ts';

const LONG_MS = 60_000;
const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, child: () => silent };

/** A loop whose passes are handed over one by one. */
const createWatchedLoop = (rests: readonly (Rest | Error)[]) => {
  let passes = 0;
  const logged: string[] = [];
  const note = (name: string) => void logged.push(name);
  const log: Log = { debug: note, info: note, warn: note, error: note, child: () => log };
  const loop = createLoop({
    name: 'test',
    log,
    afterFailureMs: 1,
    pass: async () => {
      const rest = rests[Math.min(passes, rests.length - 1)] ?? { ms: LONG_MS };
      passes += 1;
      if (rest instanceof Error) throw rest;
      return rest;
    },
  });
  return { loop, logged, passes: () => passes };
};

describe('createLoop', () => {
  it('goes on at once after a rest of nothing, and rests otherwise', async () => {
    const { loop, passes } = createWatchedLoop([{ ms: 0 }, { ms: 0 }, { ms: LONG_MS }]);
    await eventually(() => expect(passes()).toBe(3));
    await loop.stop();
    expect(passes()).toBe(3);
  });

  it('is woken by news', async () => {
    const { loop, passes } = createWatchedLoop([{ ms: LONG_MS }]);
    await eventually(() => expect(passes()).toBe(1));
    loop.wake();
    await eventually(() => expect(passes()).toBe(2));
    await loop.stop();
  });

  it('does not lose news that come during a pass', async () => {
    const parts = { wake: () => {} };
    let passes = 0;
    const loop = createLoop({
      name: 'test',
      log: silent,
      pass: async () => {
        passes += 1;
        if (passes === 1) parts.wake();
        return { ms: LONG_MS };
      },
    });
    parts.wake = loop.wake;
    await eventually(() => expect(passes).toBeGreaterThanOrEqual(1));
    loop.wake();
    await eventually(() => expect(passes).toBe(2));
    await loop.stop();
  });

  it('hears news of a deaf rest when that is over', async () => {
    const { loop, passes } = createWatchedLoop([{ ms: 30, isDeaf: true }, { ms: LONG_MS }]);
    await eventually(() => expect(passes()).toBe(1));
    loop.wake();
    expect(passes()).toBe(1);
    await eventually(() => expect(passes()).toBe(2));
    await loop.stop();
  });

  it('goes on after a failure, and says whether somebody must look at it', async () => {
    const outage = new PlatformError('DATABASE_UNAVAILABLE');
    const { loop, logged, passes } = createWatchedLoop([outage, new Error('a defect'), { ms: LONG_MS }]);
    await eventually(() => expect(passes()).toBe(3));
    expect(logged).toEqual(['test.waits', 'test.failed']);
    await loop.stop();
  });

  it('stops in the middle of a rest, deaf or not', async () => {
    for (const isDeaf of [true, false]) {
      const { loop, passes } = createWatchedLoop([{ ms: LONG_MS, isDeaf }]);
      await eventually(() => expect(passes()).toBe(1));
      await loop.stop();
      loop.wake();
      expect(passes()).toBe(1);
    }
  });
});
