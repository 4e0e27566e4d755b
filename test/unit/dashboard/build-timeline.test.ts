import { describe, expect, it } from '@jest/globals';
import { buildTimeline } from '../../../packages/dashboard/src/features/run/build-timeline.ts';
import { aRun, anEvent, aStep, at } from './builders.ts';

const nowMs = Date.parse(at(10_000));
const base = { planned: [], nowMs };
const brief = (stretches: readonly { readonly state: string; readonly fromMs: number; readonly toMs: number }[]) =>
  stretches.map(({ state, fromMs, toMs }) => [state, fromMs - Date.parse(at(0)), toMs - Date.parse(at(0))]);

describe('buildTimeline', () => {
  it('shows each attempt as it ended, and the waits between', () => {
    const steps = [aStep({ state: 'completed', attempt: 2, finishedAt: at(5_000) })];
    const events = [
      anEvent({ at: at(10) }),
      anEvent({ kind: 'step.retry-scheduled', state: 'retrying', at: at(1_000) }),
      anEvent({ at: at(3_000), attempt: 2 }),
    ];
    const [row] = buildTimeline({ ...base, run: aRun(), steps, events }).rows;
    expect(brief(row?.stretches ?? [])).toEqual([
      ['failed', 0, 1_000],
      ['retrying', 1_000, 3_000],
      ['completed', 3_000, 5_000],
    ]);
    expect(row?.stretches.map(({ attempt }) => attempt)).toEqual([1, 1, 2]);
  });

  it('goes on until now while a step is not done', () => {
    const events = [anEvent({}), anEvent({ kind: 'step.waiting', state: 'waiting', at: at(2_000) })];
    const [row] = buildTimeline({ ...base, run: aRun(), steps: [aStep({ state: 'waiting' })], events }).rows;
    expect(brief(row?.stretches ?? [])).toEqual([
      ['running', 0, 2_000],
      ['waiting', 2_000, 10_000],
    ]);
  });

  it('keeps the items of a loop with it and in their order, and names what has not begun', () => {
    const other = aStep({ stepId: 'c', name: 'C' });
    const steps = [aStep({ iteration: -1 }), aStep({ iteration: 1 }), other, aStep({ iteration: 0 })];
    const planned = [
      { id: 'a', action: 'http' },
      { id: 'b', name: 'Then', action: 'sleep' },
    ];
    const { rows } = buildTimeline({ ...base, run: aRun(), steps, events: [], planned });
    expect(rows.map(({ key, name, step }) => [key, name, step !== undefined])).toEqual([
      ['a/-1', 'A', true],
      ['c/0', 'C', true],
      ['b', 'Then', false],
    ]);
    expect(rows.map(({ items }) => items.map(({ key, name }) => [key, name]))).toEqual([
      [
        ['a/0', 'A · 1'],
        ['a/1', 'A · 2'],
      ],
      [],
      [],
    ]);
  });

  it('never has a span of nothing', () => {
    const { fromMs, toMs } = buildTimeline({
      planned: [],
      nowMs: 0,
      run: aRun({ finishedAt: at(0), state: 'cancelled' }),
      steps: [],
      events: [],
    });
    expect(toMs - fromMs).toBe(1);
  });
});
