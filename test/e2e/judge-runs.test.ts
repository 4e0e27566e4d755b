import { describe, expect, it } from '@jest/globals';
import type { Actor } from '../../demo/cast.ts';
import { type Evidence, judgeRuns } from '../../demo/judge-runs.ts';

const ACTORS: readonly Actor[] = [
  { id: 'run-1', task: 'notify-partner', startedBy: 'HTTP', ending: 'completed' },
  { id: 'run-2', task: 'notify-partner', startedBy: 'HTTP', ending: 'cancelled' },
];
const effect = (key: string, isSame = true) => ({ key, requestCount: 1, isSame });
const AGREED: Evidence = {
  mirror: new Map([
    ['run-1', 'completed'],
    ['run-2', 'cancelled'],
  ]),
  temporal: new Map([
    ['run-1', 'Completed'],
    ['run-2', 'Terminated'],
  ]),
  effects: [effect('run-1/main/0')],
};
const problemsOf = (changes: Partial<Evidence>): readonly string[] => judgeRuns(ACTORS, { ...AGREED, ...changes }).problems;

describe('judgeRuns of the demo', () => {
  it('finds nothing where all sides agree', () => {
    expect(problemsOf({})).toEqual([]);
  });

  it.each<[string, Partial<Evidence>, RegExp]>([
    [
      'a mirror that lags behind',
      {
        mirror: new Map([
          ['run-1', 'running'],
          ['run-2', 'cancelled'],
        ]),
      },
      /the mirror says running/,
    ],
    ['a run that is missing', { mirror: new Map([['run-2', 'cancelled']]) }, /the mirror says missing/],
    ['a run that nobody started', { mirror: new Map([...AGREED.mirror, ['run-3', 'completed']]) }, /nobody started it/],
    [
      'another status in Temporal',
      {
        temporal: new Map([
          ['run-1', 'Failed'],
          ['run-2', 'Terminated'],
        ]),
      },
      /Temporal says Failed/,
    ],
    ['an effect that is missing', { effects: [] }, /run-1\/main\/0 is missing/],
    ['an effect under a second key', { effects: [...AGREED.effects, effect('run-1/main/1')] }, /was not to happen/],
    ['an effect that happened twice', { effects: [...AGREED.effects, ...AGREED.effects] }, /happened twice/],
    ['an effect of a terminated run', { effects: [...AGREED.effects, effect('run-2/main/0')] }, /was not to happen/],
    ['an effect of no run', { effects: [...AGREED.effects, effect('run-9/main/0')] }, /belongs to no run/],
    ['a key used for two effects', { effects: [effect('run-1/main/0', false)] }, /different bodies/],
  ])('finds %s', (_, changes, problem) => {
    expect(problemsOf(changes).join('\n')).toMatch(problem);
  });
});
