import { describe, expect, it } from '@jest/globals';
import { MAX_DURATION_MS, parseDurationMs } from '@durabase/contracts';

const READ: readonly (readonly [string, number])[] = [
  ['0 s', 0],
  ['250ms', 250],
  ['1 millisecond', 1],
  ['2 milliseconds', 2],
  ['30 seconds', 30_000],
  ['1 second', 1_000],
  ['1s', 1_000],
  ['10 minutes', 600_000],
  ['1 minute', 60_000],
  ['5 min', 300_000],
  ['5m', 300_000],
  ['1.5 h', 5_400_000],
  ['1 hour', 3_600_000],
  ['2 hours', 7_200_000],
  ['2 days', 172_800_000],
  ['1 day', 86_400_000],
  ['1d', 86_400_000],
  ['1 week', 604_800_000],
  ['2 weeks', 1_209_600_000],
  ['2w', 1_209_600_000],
  ['1 hour 30 minutes', 5_400_000],
  ['1h30m', 5_400_000],
  ['1 d 2 h 3 m 4 s 5 ms', 93_784_005],
  ['  10  MINUTES ', 600_000],
  ['0.0005 s', 1],
  ['0.3333 s', 333],
  ['3660 days', MAX_DURATION_MS],
];

const REFUSED: readonly string[] = [
  '',
  ' ',
  '5',
  'minutes',
  '5 fortnights',
  '-5 s',
  '+5 s',
  '1e3 s',
  '.5 s',
  '5. s',
  '1,5 h',
  '1 000 s',
  '5 s,',
  '1 hour and 5 minutes',
  '1 hour, 5 minutes',
  'PT5M',
  '5 s 5',
  '1 year',
  '1 month',
  'Infinity s',
  'NaN s',
  '٣ s',
  '1 constructor',
  '1 __proto__',
  '1 valueof',
  '3660 days 1 ms',
  '999999999999 weeks',
  '9999999999999 ms',
  `${' '.repeat(64)}5 s`,
];

describe('parseDurationMs', () => {
  it.each(READ)('reads %j as %d milliseconds', (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms);
  });

  it.each(REFUSED)('does not take %j for a duration', (text) => {
    expect(parseDurationMs(text)).toBeUndefined();
  });

  it('ends at ten years', () => {
    expect(MAX_DURATION_MS).toBe(10 * 366 * 24 * 60 * 60 * 1_000);
  });
});
