import { beforeAll, describe, expect, it } from '@jest/globals';
import { createReadyTask, createRunIn, createWorkspace, findRun, openRun, type ReadyTask } from '../../support/build-rows.ts';
import type { RunState } from '@durabase/contracts';
import { readValue } from '../../support/call.ts';
import { useDatabase } from '../../support/use-database.ts';
import { startWaiting } from '../support/start-waiting.ts';
import { tellStory } from '../support/tell-story.ts';

describe('take_child', () => {
  const db = useDatabase();
  const story = tellStory(db);
  let task: ReadyTask;

  beforeAll(async () => {
    task = await createReadyTask(db.owner, (await createWorkspace(db.owner)).id);
  });

  const take = (parent: string, stepId: string, child: string, iteration = 0) =>
    readValue<boolean>(
      db.owner,
      'select durabase_private.take_child(p, $2, $4, c) from durabase.task_runs p, durabase.task_runs c where p.id = $1 and c.id = $3',
      [parent, stepId, child, iteration],
    );
  it('gives the output of a child that ended well', async () => {
    const parent = await startWaiting(story, task, { stepId: 'run' });
    const child = await createRunIn(db.owner, task, 'completed');
    expect(await take(parent, 'run', child.id)).toBe(true);
    expect((await story.stepOf(parent, 'run'))?.output).toEqual({ runId: child.id, state: 'completed', output: { ok: true } });
  });

  it('reads a large output from where it is stored, and stores it with the parent', async () => {
    const parent = await startWaiting(story, task, { stepId: 'run' });
    const child = await story.startOpen(task);
    const body = { text: 'x'.repeat(50_000) };
    await story.finish(child, { output: undefined, payload: { sha256: 'abc', bytes: 50_011, body, preview: '{' } });
    await take(parent, 'run', child);
    const row = await story.stepOf(parent, 'run');
    expect(row).toMatchObject({ state: 'completed', output: null });
    expect(
      await readValue(db.owner, 'select body from durabase_private.payloads where id = $1 and run_id = $2', [
        row?.output_ref?.payload,
        parent,
      ]),
    ).toEqual({ runId: child, state: 'completed', output: body });
    await db.owner.query('delete from durabase.task_runs where id = $1', [child]);
    expect(await readValue(db.owner, 'select durabase_private.step_outputs($1, $2)', [parent, ['run']])).toMatchObject({
      run: { output: body },
    });
  });

  it.each(['failed', 'timed_out', 'cancelled', 'skipped', 'expired'] as RunState[])(
    'fails by a child that is %s',
    async (state) => {
      const parent = await startWaiting(story, task, { stepId: 'run' });
      const child = await createRunIn(db.owner, task, state);
      await take(parent, 'run', child.id);
      expect((await story.stepOf(parent, 'run'))?.error).toEqual({
        code: 'STEP_FAILED',
        message: `the run ${child.id} ended as ${state}: it did not work`,
        stepId: 'run',
        data: { runId: child.id, state },
      });
      expect(await findRun(db.owner, parent)).toMatchObject({ state: 'running', finished_at: null }); // the workflow decides
    },
  );

  it('says so when the child ended without an error', async () => {
    const parent = await startWaiting(story, task, { stepId: 'run' });
    const child = await createRunIn(db.owner, task, 'cancelled');
    await db.owner.query('update durabase.task_runs set error = null where id = $1', [child.id]);
    await take(parent, 'run', child.id);
    expect((await story.stepOf(parent, 'run'))?.error).toMatchObject({
      code: 'STEP_FAILED',
      message: `the run ${child.id} ended as cancelled`,
    });
  });

  it('keeps the first word, and ends nothing that does not wait or whose run has ended', async () => {
    const parent = await startWaiting(story, task, { stepId: 'run' });
    const [good, bad] = [await createRunIn(db.owner, task, 'completed'), await createRunIn(db.owner, task, 'failed')];
    await take(parent, 'run', good.id);
    expect(await take(parent, 'run', bad.id)).toBe(false);
    expect(await take(parent, 'never', bad.id)).toBe(false);
    expect((await story.stepOf(parent, 'run'))?.state).toBe('completed');
    const ended = await startWaiting(story, task, { stepId: 'run' });
    await openRun(db.owner, (await createRunIn(db.owner, task, 'queued')).id);
    await story.finish(ended);
    expect(await take(ended, 'run', good.id)).toBe(false);
    expect((await story.stepOf(ended, 'run'))?.state).toBe('cancelled');
  });

  it('ends the iteration that waits for it and no other', async () => {
    const parent = await startWaiting(story, task, { stepId: 'run' });
    for (const iteration of [0, 1, 2]) await story.wait(parent, 'each', { kind: 'external' }, { iteration });
    await take(parent, 'each', (await createRunIn(db.owner, task, 'completed')).id, 1);
    expect(await story.stepsOf(parent)).toEqual([
      'each/0 waiting@1',
      'each/1 completed@1',
      'each/2 waiting@1',
      'run/0 waiting@1',
    ]);
  });
});
