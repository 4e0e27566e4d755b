import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { RUN_STATES, STEP_STATES } from '@durabase/contracts';
import type { RunEvent } from '@durabase/contracts/api/run';
import { EVENT_SENTENCES } from '../../../../src/domain/story/event-sentences.ts';
import { tellStory } from '../../../../src/domain/story/tell-story.ts';

const MIGRATIONS = join(import.meta.dirname, '../../../../supabase/migrations');
const AT = '2026-11-21T07:00:00.000Z';
const event = (kind: string, rest: Partial<RunEvent> = {}): RunEvent => ({
  seq: 1,
  at: AT,
  kind,
  state: null,
  stepId: kind.startsWith('step.') ? 'fetch' : null,
  iteration: kind.startsWith('step.') ? 0 : null,
  attempt: kind.startsWith('step.') ? 1 : null,
  data: null,
  ...rest,
});
const source = {
  state: 'running' as const,
  planned: [{ id: 'fetch', name: 'Fetch the report' }],
  begunIds: new Set(['fetch']),
  summary: 'It runs.',
};
const tell = (kind: string, rest: Partial<RunEvent> = {}): string | undefined =>
  tellStory({ ...source, events: [event(kind, rest)] }).happened[0]?.text;
const FAILURE = { code: 'HTTP_STATUS', message: 'the target answered 500.' };

describe('every kind of event', () => {
  /** Kinds as SQL writes them, where it appends to the feed of a run; those that are put together are every state. */
  const written = readdirSync(MIGRATIONS)
    .flatMap((file) => [
      ...readFileSync(join(MIGRATIONS, file), 'utf8').matchAll(/(?:private\.emit|follow_step)\((?:[^;]|\n)*?;/g),
    ])
    .flatMap(([call]) => [...call.matchAll(/'((?:run|step)\.[a-z_-]+)'/g)])
    .map(([, kind = '']) => kind);
  const composed = [...RUN_STATES.map((state) => `run.${state}`), ...STEP_STATES.map((state) => `step.${state}`), 'run.resumed'];
  // A step that is to be retried is told as step.retry-scheduled.
  const all = [...new Set([...written, ...composed])].filter((kind) => kind !== 'step.retrying');

  it('is found in the migrations', () => {
    expect(all).toEqual(expect.arrayContaining(['run.adopted', 'run.stalled', 'step.retry-scheduled', 'step.loop-started']));
  });

  it.each(all)('%s has a sentence', (kind) => {
    expect(tell(kind)).toMatch(/^[A-Z“].*\.$/);
    expect(tell(kind)).not.toMatch(/undefined|null|\[object/);
  });

  it('is one that can happen', () => {
    expect(Object.keys(EVENT_SENTENCES).filter((kind) => !all.includes(kind))).toEqual([]);
  });
});

describe('tellStory', () => {
  it.each([
    [
      'step.retry-scheduled',
      { attempt: 2, data: { error: FAILURE, nextAttemptAt: AT } },
      `Step “Fetch the report” failed at attempt 2 with HTTP_STATUS: the target answered 500; it tries again at ${AT}.`,
    ],
    ['step.completed', { attempt: 3 }, 'Step “Fetch the report” completed at attempt 3.'],
    ['step.started', { iteration: 4 }, 'Step “Fetch the report” (item 5) started.'],
    ['step.started', { stepId: 'unknown' }, 'Step “unknown” started.'],
    [
      'step.skipped',
      { data: { reason: 'the condition is false' } },
      'Step “Fetch the report” was skipped: the condition is false.',
    ],
    ['step.waiting', { data: { wakesAt: AT } }, `Step “Fetch the report” waits until ${AT}.`],
    ['step.loop-started', { iteration: -1, data: { count: 12 } }, 'Step “Fetch the report” began its loop over 12 items.'],
    ['run.failed', { data: FAILURE }, 'The run failed with HTTP_STATUS: the target answered 500.'],
    [
      'run.paused',
      { data: { by: 'ada@example.test', reason: 'the shop is closed' } },
      'ada@example.test paused the run: the shop is closed.',
    ],
    ['run.cancel-requested', {}, 'Somebody asked for its end.'],
    [
      'run.signalled',
      { data: { signal: 'hello' } },
      'Somebody sent it the signal “hello” in Temporal; that changes nothing by itself.',
    ],
    [
      'run.reset',
      { data: { epoch: 2, was: 'failed' } },
      'Somebody reset the run in Temporal while it was failed: it goes on from an earlier point.',
    ],
  ])('tells %s', (kind, rest, sentence) => {
    expect(tell(kind, rest)).toBe(sentence);
  });

  it('says what it waits for and what comes next while the run goes on', () => {
    const planned = ['fetch', 'a', 'b'].map((id) => ({ id, name: id }));
    expect(tellStory({ ...source, planned, events: [] })).toEqual({
      happened: [],
      waitsFor: 'It runs.',
      next: 'Still to come: “a” and “b”.',
    });
    const many = ['fetch', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((id) => ({ id, name: id }));
    expect(tellStory({ ...source, planned: many, events: [] }).next).toBe('Still to come: “a”, “b”, “c”, “d”, “e” and 3 more.');
  });

  it('ends with its end', () => {
    expect(tellStory({ ...source, state: 'failed', planned: [{ id: 'later', name: 'Later' }], events: [] })).toEqual({
      happened: [],
      waitsFor: null,
      next: null,
    });
  });
});
