import { beforeAll, describe, expect, it } from '@jest/globals';
import { createReadyTask, createWorkspace, findRun, type ReadyTask } from '../../support/build-rows.ts';
import { callRow, readValue } from '../../support/call.ts';
import { useDatabase } from '../../support/use-database.ts';
import { tellStory } from '../support/tell-story.ts';

describe('open_loop', () => {
  const db = useDatabase();
  const story = tellStory(db);
  let task: ReadyTask;
  const itemOf = (runId: string, iteration: number) =>
    readValue(db.owner, 'select item from durabase_private.loop_items where run_id = $1 and iteration = $2', [runId, iteration]);

  beforeAll(async () => {
    task = await createReadyTask(db.owner, (await createWorkspace(db.owner)).id);
  });

  it('writes the items down, one for each iteration, and a row of its own', async () => {
    const id = await story.startOpen(task);
    const before = await findRun(db.owner, id);
    expect(await story.openLoop(id, 'each', [{ n: 1 }, 'two', null])).toEqual({ verdict: 'go', count: 3, next: 0, missing: [] });
    expect([await itemOf(id, 0), await itemOf(id, 1), await itemOf(id, 2)]).toEqual([{ n: 1 }, 'two', null]);
    expect(await story.stepOf(id, 'each', -1)).toMatchObject({ state: 'running', epoch: 1, input: { count: 3 } });
    expect((await story.eventsOf(id)).at(-1)).toBe('step.loop-started');
    const after = await findRun(db.owner, id);
    expect([Number(after.version), after.event_seq]).toEqual([Number(before.version) + 1, String(Number(before.event_seq) + 1)]);
  });

  it('takes an empty list', async () => {
    const id = await story.startOpen(task);
    expect(await story.openLoop(id, 'each', [])).toEqual({ verdict: 'go', count: 0, next: 0, missing: [] });
  });

  it('gives each iteration its item, and what is stored of it to nobody else', async () => {
    const id = await story.startOpen(task);
    await story.openLoop(id, 'each', ['a', 'b']);
    const load = async (stepId: string, iteration: number) =>
      (
        await readValue<{ item: unknown }>(db.engine, 'select durabase_private.load_step($1, $2, $3, $4, $5, false)', [
          id,
          stepId,
          iteration,
          `exec-1-${id}`,
          [],
        ])
      ).item;
    expect([await load('each', 0), await load('each', 1), await load('each', 2), await load('other', 0)]).toEqual([
      'a',
      'b',
      null,
      null,
    ]);
  });

  it('answers what is stored when it is asked again, whatever the list is then', async () => {
    const id = await story.startOpen(task);
    await story.openLoop(id, 'each', [1, 2, 3, 4, 5]);
    for (const iteration of [0, 3]) await story.take(id, 'each', { iteration });
    await story.begin(id, 'each', { iteration: 1 });
    await story.skip(id, 'each', { iteration: 4 });
    const events = await story.eventsOf(id);
    expect(await story.openLoop(id, 'each', ['another'])).toEqual({ verdict: 'go', count: 5, next: 5, missing: [1, 2] });
    expect(await itemOf(id, 0)).toBe(1);
    expect(await story.eventsOf(id)).toEqual(events);
  });

  it('says that a loop is done that has ended in this execution', async () => {
    const id = await story.startOpen(task);
    await story.openLoop(id, 'each', []);
    await story.closeLoop(id, 'each');
    expect(await story.openLoop(id, 'each', [1])).toEqual({ verdict: 'done', state: 'completed' });
    await story.skip(id, 'other', { iteration: -1 });
    expect(await story.openLoop(id, 'other', [1])).toEqual({ verdict: 'done', state: 'skipped' });
  });

  it('goes on in an execution that takes over from one that has left: each item once', async () => {
    const id = await story.startOpen(task);
    await story.openLoop(id, 'each', [1, 2, 3, 4]);
    for (const iteration of [0, 2]) await story.take(id, 'each', { iteration });
    await story.leave(id);
    await story.open(id, { execution: 2 });
    expect(await story.openLoop(id, 'each', [9], { execution: 2 })).toEqual({ verdict: 'go', count: 4, next: 3, missing: [1] });
    await story.take(id, 'each', { iteration: 1, execution: 2 });
    await story.leave(id, 2);
    expect(await story.openLoop(id, 'each', [9], { execution: 3 })).toEqual({ verdict: 'go', count: 4, next: 3, missing: [] });
  });

  it('begins anew after a reset to before it, with the list of that moment', async () => {
    const id = await story.startOpen(task);
    await story.openLoop(id, 'each', [1, 2, 3]);
    await story.take(id, 'each', { iteration: 0 });
    await story.wait(id, 'each', { kind: 'external' }, { iteration: 2 });
    expect(await story.openLoop(id, 'each', ['x', 'y'], { execution: 2 })).toEqual({
      verdict: 'go',
      count: 2,
      next: 0,
      missing: [],
    });
    expect([await itemOf(id, 0), await itemOf(id, 2)]).toEqual(['x', undefined]);
    // what is beyond the new list is no longer waited for
    expect(await story.stepsOf(id)).toEqual(['each/-1 running@2', 'each/0 completed@1', 'each/2 cancelled@1']);
    // what was done with the items of the longer one does not count, now or for whoever goes on
    const rest = { verdict: 'go', count: 2, next: 0, missing: [] };
    expect(await story.openLoop(id, 'each', [], { execution: 2 })).toEqual(rest);
    await story.leave(id, 2);
    await story.open(id, { execution: 3 });
    expect(await story.openLoop(id, 'each', [], { execution: 3 })).toEqual(rest);
  });

  it('goes on after a reset into its middle with what was done before and since', async () => {
    const id = await story.startOpen(task);
    await story.openLoop(id, 'each', [1, 2, 3, 4]);
    for (const iteration of [0, 1]) await story.take(id, 'each', { iteration });
    await story.take(id, 'each', { iteration: 3, execution: 2 });
    await story.leave(id, 2);
    await story.open(id, { execution: 3 });
    expect(await story.openLoop(id, 'each', [], { execution: 3 })).toEqual({ verdict: 'go', count: 4, next: 4, missing: [2] });
  });

  it('refuses strangers, ended runs and runs that are not there', async () => {
    const id = await story.startOpen(task);
    expect(await story.openLoop(id, 'each', [1], { firstRunId: 'foreign', execution: 7 })).toMatchObject({ verdict: 'stale' });
    await story.open(id, { execution: 2 });
    expect(await story.openLoop(id, 'each', [1])).toEqual({ verdict: 'stale', reason: 'another execution owns this run' });
    await story.finish(id, { execution: 2 });
    expect(await story.openLoop(id, 'each', [1], { execution: 2 })).toEqual({ verdict: 'stale', reason: 'the run has ended' });
    expect(await story.openLoop('01890000-0000-7000-8000-000000000000', 'each', [1])).toEqual({
      verdict: 'stale',
      reason: 'no such run',
    });
    expect(await story.count('loop_items', id)).toBe(0);
  });

  it('is not what a run waits on: its iterations are', async () => {
    const id = await story.startOpen(task);
    await story.openLoop(id, 'each', [1]);
    await story.wait(id, 'each', { kind: 'external' }, { iteration: 0 });
    expect((await findRun(db.owner, id)).state).toBe('waiting');
    await callRow(db.owner, 'durabase.pause_run', { run: id });
    expect((await findRun(db.owner, id)).state).toBe('paused');
  });
});
