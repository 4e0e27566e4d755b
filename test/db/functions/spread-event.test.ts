import { beforeAll, describe, expect, it } from '@jest/globals';
import { createReadyTask, createWorkspace, executionOf, type ReadyTask, type Workspace } from '../../support/build-rows.ts';
import { callRow, callValue, readValue } from '../../support/call.ts';
import { useDatabase } from '../../support/use-database.ts';
import { tellStory } from '../support/tell-story.ts';

describe('spread_event', () => {
  const db = useDatabase();
  const story = tellStory(db);
  let acme: Workspace;
  let task: ReadyTask;

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
    task = await createReadyTask(db.owner, acme.id);
  });

  const emit = (name: string, data: object = {}) =>
    callRow<{ id: string }>(db.owner, 'durabase.emit_event', { name, data, workspace: acme.id });
  const deeds = () => readValue<number>(db.owner, 'select count(*)::int from durabase_private.deeds');

  it('ends one wait of each run that waits for it', async () => {
    const runs = await Promise.all(Array.from({ length: 5 }, () => story.startOpen(task)));
    for (const id of runs) {
      await story.wait(id, 'b', { kind: 'event', name: 'f.all', match: { n: 1 } });
      await story.wait(id, 'a', { kind: 'event', name: 'f.all', match: {} });
      await story.wait(id, 'c', { kind: 'event', name: 'f.all', match: { n: 2 } });
    }
    const { id: event } = await emit('f.all', { n: 1, more: [1] });
    await story.doDeeds();
    for (const id of runs) {
      expect(await story.stepsOf(id)).toEqual(['a/0 completed@1', 'b/0 waiting@1', 'c/0 waiting@1']);
      expect((await story.stepOf(id, 'a'))?.output).toMatchObject({ id: event, name: 'f.all', data: { n: 1, more: [1] } });
      expect(await story.wishesOf(id)).toEqual(['wake']);
    }
    await emit('f.all', { n: 1 });
    await story.doDeeds();
    expect((await story.stepsOf(runs[0] ?? ''))[1]).toBe('b/0 completed@1');
  });

  it('passes by runs that began later, that have ended, and waits that are over', async () => {
    const ended = await story.startOpen(task);
    await story.wait(ended, 'a', { kind: 'event', name: 'g.x' });
    await story.finish(ended, { state: 'cancelled' });
    const late = await story.startOpen(task);
    await story.wait(late, 'a', { kind: 'event', name: 'g.x' });
    await story.end(late, 'a', { state: 'timed_out', error: { code: 'STEP_TIMED_OUT', message: 'late' } });
    await story.wait(late, 'b', { kind: 'event', name: 'g.x' });
    await emit('g.x');
    const younger = await story.startOpen(task);
    await story.wait(younger, 'a', { kind: 'event', name: 'g.x' });
    await story.doDeeds();
    expect(await story.stepsOf(ended)).toEqual(['a/0 cancelled@1']);
    expect(await story.stepsOf(late)).toEqual(['a/0 timed_out@1', 'b/0 completed@1']);
    expect(await story.stepsOf(younger)).toEqual(['a/0 waiting@1']);
  });

  it('finds a wait that was not yet visible when the event was spread, nor the event to the wait', async () => {
    const id = await story.startOpen(task);
    const engine = await db.engine.connect();
    await engine.query('begin');
    await callValue(engine, 'durabase_private.write_steps', {
      p_items: [
        {
          ...executionOf(id),
          op: 'begin',
          stepId: 'paid',
          name: 'paid',
          action: 'wait-for-event',
          attempt: 1,
          state: 'waiting',
          input: {},
          wait: { kind: 'event', name: 'h.race' },
        },
      ],
    });
    await emit('h.race');
    await story.doDeeds();
    await engine.query('commit');
    engine.release();
    expect((await story.stepOf(id, 'paid'))?.state).toBe('waiting');
    await story.doDeeds();
    expect((await story.stepOf(id, 'paid'))?.state).toBe('completed');
  });

  it('wakes no run twice for one event, with many dispatchers at once', async () => {
    const runs = await Promise.all(Array.from({ length: 8 }, () => story.startOpen(task)));
    for (const id of runs) for (const stepId of ['a', 'b', 'c']) await story.wait(id, stepId, { kind: 'event', name: 'i.many' });
    await Promise.all([emit('i.many'), emit('i.many')]);
    await Promise.all(Array.from({ length: 6 }, () => story.doDeeds()));
    for (const id of runs) {
      const outputs = await Promise.all(['a', 'b', 'c'].map(async (stepId) => (await story.stepOf(id, stepId))?.output));
      const taken = outputs.flatMap((output) => (output === null ? [] : [(output as { id: string }).id]));
      expect([taken.length, new Set(taken).size]).toEqual([2, 2]);
    }
    expect(await deeds()).toBe(0);
  });
});
