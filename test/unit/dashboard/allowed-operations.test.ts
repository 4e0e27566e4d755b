import { describe, expect, it } from '@jest/globals';
import { allowedOperations } from '../../../packages/dashboard/src/features/run/allowed-operations.ts';
import { chooseMarkStep } from '../../../packages/dashboard/src/features/run/choose-marks.ts';
import { formatDuration, formatRelative } from '../../../packages/dashboard/src/lib/format-time.ts';
import { aRun, at } from './builders.ts';

const rights = { userId: 'ada', mayRun: true, mayEdit: false, mayAdminister: false, isEndUser: false };
const actor = { kind: 'user' as const, userId: 'ada', name: 'ada' };
const open = aRun({ actor, cancelRequestedAt: null, startedAt: at(0) });
const ended = aRun({ actor, state: 'failed', startedAt: at(0), finishedAt: at(1) });

describe('allowedOperations', () => {
  it('offers what the state permits', () => {
    expect(allowedOperations(open, rights)).toEqual(['pause', 'cancel']);
    expect(allowedOperations({ ...open, state: 'paused' }, rights)).toEqual(['resume', 'cancel']);
    expect(allowedOperations({ ...open, cancelRequestedAt: at(1) }, rights)).toEqual([]);
    expect(allowedOperations(ended, rights)).toEqual(['retry', 'rerun', 'fork']);
    expect(allowedOperations({ ...ended, state: 'completed' }, rights)).toEqual(['rerun', 'fork']);
    expect(allowedOperations({ ...ended, state: 'expired', startedAt: null }, rights)).toEqual(['retry', 'rerun']);
  });

  it('offers what the person may do', () => {
    const others = { ...open, actor: { ...actor, userId: 'bob' } };
    expect(allowedOperations(others, rights)).toEqual([]);
    expect(allowedOperations(others, { ...rights, mayAdminister: true })).toEqual(['pause', 'cancel']);
    expect(allowedOperations(open, { ...rights, mayRun: false })).toEqual([]);
    expect(allowedOperations(ended, { ...rights, mayRun: false })).toEqual([]);
    const endUser = { ...rights, mayRun: false, isEndUser: true };
    expect(allowedOperations(open, endUser)).toEqual(['cancel']);
    expect(allowedOperations(others, endUser)).toEqual([]);
    expect(allowedOperations(ended, endUser)).toEqual([]);
  });
});

describe('times', () => {
  it.each([
    [340, '340 ms'],
    [2_449, '2.4 s'],
    [59_999, '59.9 s'],
    [200_000, '3 min 20 s'],
    [7_500_000, '2 h 5 min'],
    [86_400_000, '1 d'],
  ])('says %d ms as %s', (ms, text) => expect(formatDuration(ms)).toBe(text));

  it('says how long ago, and in how long', () => {
    expect(formatRelative(at(0), Date.parse(at(500)))).toBe('now');
    expect(formatRelative(at(0), Date.parse(at(300_000)))).toBe('5m ago');
    expect(formatRelative(at(7_200_000), Date.parse(at(0)))).toMatch(/^in 2h/);
  });

  it.each([
    [3_600, 1_000],
    [5, 1],
    [90_000, 15_000],
    [9 * 86_400_000, 2 * 86_400_000],
  ])('marks a scale of %d ms every %d', (spanMs, stepMs) => expect(chooseMarkStep(spanMs)).toBe(stepMs));
});
