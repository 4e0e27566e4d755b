import { beforeAll, describe, expect, it } from '@jest/globals';
import { createReadyTask, createWorkspace, findRun, type ReadyTask } from '../../support/build-rows.ts';
import { readValue } from '../../support/call.ts';
import { useDatabase } from '../../support/use-database.ts';
import { tellStory } from '../support/tell-story.ts';

describe('skip_step', () => {
  const db = useDatabase();
  const story = tellStory(db);
  let task: ReadyTask;

  beforeAll(async () => {
    task = await createReadyTask(db.owner, (await createWorkspace(db.owner)).id);
  });

  it('writes a step down that is over without having begun, with its reason', async () => {
    const id = await story.startOpen(task);
    expect(await story.skip(id, 'ship', { reason: 'the condition is false' })).toEqual({ verdict: 'done', state: 'skipped' });
    expect(await story.stepOf(id, 'ship')).toMatchObject({ state: 'skipped', epoch: 1, attempt: 1, output: null, name: 'ship' });
    const { rows } = await db.owner.query(
      'select kind, step_id, iteration, data from durabase.run_events where run_id = $1 order by seq desc limit 1',
      [id],
    );
    expect(rows).toEqual([{ kind: 'step.skipped', step_id: 'ship', iteration: 0, data: { reason: 'the condition is false' } }]);
  });

  it('says the same the second time and writes nothing', async () => {
    const id = await story.startOpen(task);
    await story.skip(id, 'ship');
    const before = await findRun(db.owner, id);
    expect(await story.skip(id, 'ship', { reason: 'another' })).toEqual({ verdict: 'done', state: 'skipped' });
    expect(await findRun(db.owner, id)).toEqual(before);
  });

  it('keeps what an attempt has said before', async () => {
    const id = await story.startOpen(task);
    await story.take(id, 'ship', { output: 7 });
    expect(await story.skip(id, 'ship')).toEqual({ verdict: 'done', state: 'completed' });
    expect(await story.stepOf(id, 'ship')).toMatchObject({ state: 'completed', output: 7 });
  });

  it('gives null to those who read its output', async () => {
    const id = await story.startOpen(task);
    await story.skip(id, 'ship');
    expect(await readValue(db.owner, 'select durabase_private.step_outputs($1, $2)', [id, ['ship', 'never']])).toEqual({
      ship: null,
    });
  });

  it('skips anew after a reset what had been done before', async () => {
    const id = await story.startOpen(task);
    await story.take(id, 'ship', { output: 7 });
    expect(await story.skip(id, 'ship', { execution: 2 })).toEqual({ verdict: 'done', state: 'skipped' });
    expect(await story.stepOf(id, 'ship')).toMatchObject({ state: 'skipped', epoch: 2, output: null });
  });

  it('skips a whole loop, and single iterations of one', async () => {
    const id = await story.startOpen(task);
    await story.skip(id, 'each', { iteration: -1 });
    await story.openLoop(id, 'other', [1, 2]);
    await story.skip(id, 'other', { iteration: 1 });
    expect(await story.stepsOf(id)).toEqual(['each/-1 skipped@1', 'other/-1 running@1', 'other/1 skipped@1']);
  });

  it('refuses strangers, overtaken executions, ended runs and runs that are not there', async () => {
    const id = await story.startOpen(task);
    expect(await story.skip(id, 'ship', { firstRunId: 'foreign', execution: 7 })).toMatchObject({ verdict: 'stale' });
    await story.open(id, { execution: 2 });
    expect(await story.skip(id, 'ship')).toEqual({ verdict: 'stale', reason: 'another execution owns this run' });
    await story.finish(id, { execution: 2 });
    expect(await story.skip(id, 'ship', { execution: 2 })).toEqual({ verdict: 'stale', reason: 'the run has ended' });
    expect(await story.skip('01890000-0000-7000-8000-000000000000', 'ship')).toEqual({ verdict: 'stale', reason: 'no such run' });
    expect(await story.stepsOf(id)).toEqual([]);
  });
});
