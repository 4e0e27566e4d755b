import { expect, test } from '@jest/globals';
import { advanceRate, gatherMs, type Rate } from '../../../src/sequencer/gathering.ts';

const QUIET: Rate = { perSecond: 0, atMs: 0 };

/** `perSecond` changes in a second, found every `everyMs`, for `forMs`. */
const follow = (start: Rate, { perSecond, everyMs, forMs }: Record<'perSecond' | 'everyMs' | 'forMs', number>): Rate =>
  Array.from({ length: forMs / everyMs }).reduce<Rate>(
    (rate) => advanceRate(rate, (perSecond * everyMs) / 1_000, rate.atMs + everyMs),
    start,
  );

test.each([10, 30, 50])('%i changes in a second are told as they come', (perSecond) => {
  const rate = follow(QUIET, { perSecond, everyMs: 20, forMs: 2_000 });
  expect(rate.perSecond).toBeCloseTo(perSecond, 0);
  expect(gatherMs(rate)).toBe(1);
});

test.each([80, 200, 5_000])('%i changes in a second are gathered', (perSecond) => {
  const rate = follow(QUIET, { perSecond, everyMs: 20, forMs: 2_000 });
  expect(rate.perSecond).toBeCloseTo(perSecond, -1);
  expect(gatherMs(rate)).toBe(15);
});

test('the rate does not hang on how often somebody looks', () => {
  const often = follow(QUIET, { perSecond: 100, everyMs: 5, forMs: 500 });
  const seldom = follow(QUIET, { perSecond: 100, everyMs: 50, forMs: 500 });
  expect(often.perSecond).toBeCloseTo(seldom.perSecond, 5);
});

test('a single change after a quiet time is told at once', () => {
  expect(gatherMs(advanceRate(QUIET, 1, 5_000))).toBe(1);
});

test('a crowd is forgotten a second after its last change', () => {
  const crowd = follow(QUIET, { perSecond: 1_000, everyMs: 15, forMs: 1_500 });
  expect(gatherMs(crowd)).toBe(15);
  expect(gatherMs(advanceRate(crowd, 1, crowd.atMs + 1_000))).toBe(1);
});

test('two looks in the same millisecond give no endless rate', () => {
  const rate = advanceRate({ perSecond: 0, atMs: 100 }, 3, 100);
  expect(rate.perSecond).toBeLessThan(20);
});
