import { beforeAll, describe, expect, it } from '@jest/globals';
import { asUser } from '../../support/as-role.ts';
import {
  admitRun,
  createReadyTask,
  createRunIn,
  createWorkspace,
  executionOf,
  type ReadyTask,
  type Run,
  type Workspace,
} from '../../support/build-rows.ts';
import type { RunState } from '@durabase/contracts';
import { callRow, callValue, readValue } from '../../support/call.ts';
import { eventually } from '../../support/eventually.ts';
import { refusalOf, refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';
import { tellStory } from '../support/tell-story.ts';

const FAILURE = { code: 'STEP_FAILED', message: 'no' };

describe('fork_run', () => {
  const db = useDatabase();
  const story = tellStory(db);
  let acme: Workspace;
  let task: ReadyTask;
  let failed: string;

  const step = (id: string, needs: readonly string[] = []) => ({ id, action: 'log', needs });
  // a → b → d → e, with c beside b
  const STEPS = [step('a'), step('b', ['a']), step('c', ['a']), step('d', ['b']), step('e', ['c', 'd'])];

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
    task = await createReadyTask(db.owner, acme.id, { plan: { steps: STEPS } });
    failed = await runUntil('d');
  });

  /** A run that failed at `stop`; what does not need it is done. */
  const runUntil = async (stop: string, of = task): Promise<string> => {
    const id = await story.startOpen(of, { input: { n: 1 }, priority: 2 });
    for (const { id: stepId } of STEPS) {
      if (stepId === stop) break;
      await story.take(id, stepId, { output: `${stepId} of ${id}`, input: { for: stepId } });
    }
    await story.begin(id, stop);
    await story.end(id, stop, { attempt: 1, state: 'failed', error: FAILURE });
    await story.finish(id, { state: 'failed' });
    return id;
  };
  const fork = (run: string, fromStep: string | null) =>
    asUser(db.owner, acme.users.editor, (client) => callRow<Run>(client, 'durabase.fork_run', { run, from_step: fromStep }));

  it('makes a queued run of the same version, input and priority, of him who asks, with a link', async () => {
    const made = await fork(failed, 'd');
    expect(made).toMatchObject({
      state: 'queued',
      task_id: task.id,
      version_id: task.versionId,
      input: { n: 1 },
      priority: 2,
      actor_user_id: acme.users.editor,
      workflow_id: `run-${made.id}`,
      idempotency_key: null,
      epoch: 0,
    });
    expect(made.id).not.toBe(failed);
    const { rows } = await db.owner.query('select * from durabase.run_links where run_id = $1', [made.id]);
    expect(rows).toEqual([
      expect.objectContaining({
        parent_run_id: failed,
        workspace_id: acme.id,
        kind: 'fork',
        step_id: 'd',
        iteration: null,
        is_waited: false,
      }),
    ]);
    expect(await story.count('run_queue', made.id)).toBe(1);
    expect(await story.eventsOf(made.id)).toEqual(['run.queued']);
    expect(await story.auditOf(made.id)).toEqual(['run.started by user']);
    expect(await story.auditOf(failed)).toHaveLength(1); // nothing happened to that one
  });

  it('keeps what does not need the step, with inputs and outputs, and nothing that does', async () => {
    const made = await fork(failed, 'd');
    expect(await story.stepsOf(made.id)).toEqual(['a/0 completed@0', 'b/0 completed@0', 'c/0 completed@0']);
    expect(await story.stepOf(made.id, 'b')).toMatchObject({ output: `b of ${failed}`, input: { for: 'b' } });
    const other = await fork(failed, 'b');
    expect(await story.stepsOf(other.id)).toEqual(['a/0 completed@0', 'c/0 completed@0']);
    expect(await story.stepsOf((await fork(failed, 'a')).id)).toEqual([]);
  });

  it('opens with what is kept done, and begins none of it', async () => {
    const made = await fork(failed, 'd');
    await admitRun(db.owner, made.id);
    const steps = [
      { stepId: 'a', name: 'A', action: 'log', input: {} },
      { stepId: 'd', name: 'D', action: 'log', input: {} },
    ];
    expect(await story.open(made.id, { steps })).toMatchObject({
      verdict: 'go',
      done: { a: 'completed', b: 'completed', c: 'completed' },
    });
    expect(await story.stepsOf(made.id)).toEqual(['a/0 completed@0', 'b/0 completed@0', 'c/0 completed@0', 'd/0 running@1']);
    expect(await story.eventsOf(made.id)).toEqual(['run.queued', 'run.running', 'step.started']);
    expect(await readValue(db.owner, 'select durabase_private.step_outputs($1, $2)', [made.id, ['a', 'd']])).toEqual({
      a: `a of ${failed}`,
    });
    // also after a reset to its beginning
    expect((await story.open(made.id, { execution: 2, steps })).done).toEqual({ a: 'completed', b: 'completed', c: 'completed' });
  });

  it('can be forked itself: what it kept is kept again', async () => {
    const made = await fork(failed, 'd');
    await admitRun(db.owner, made.id);
    await story.open(made.id);
    await story.take(made.id, 'd', { output: 'd' });
    await story.finish(made.id);
    const again = await fork(made.id, 'e');
    expect(await story.stepsOf(again.id)).toEqual(['a/0 completed@0', 'b/0 completed@0', 'c/0 completed@0', 'd/0 completed@0']);
    expect((await story.stepOf(again.id, 'a'))?.output).toBe(`a of ${failed}`);
  });

  it('keeps skipped steps as skipped', async () => {
    const id = await story.startOpen(task);
    await story.take(id, 'a');
    await story.skip(id, 'b');
    await story.skip(id, 'd');
    await story.begin(id, 'c');
    await story.finish(id, { state: 'failed' });
    expect(await story.stepsOf((await fork(id, 'c')).id)).toEqual(['a/0 completed@0', 'b/0 skipped@0', 'd/0 skipped@0']);
  });

  it('refuses a step that did not come to its end, one that is not there, and none', async () => {
    expect(await refusalOf(fork(failed, 'e'))).toMatchObject({
      sqlstate: 'PT409',
      code: 'STEP_NOT_KEPT',
      path: 'from_step',
      message: 'the step "d" did not come to its end in that run',
    });
    expect(await refusalOf(fork(failed, 'nothing'))).toMatchObject({
      sqlstate: 'PT404',
      code: 'STEP_NOT_FOUND',
      path: 'from_step',
    });
    expect(await refusalOf(fork(failed, null))).toMatchObject({ sqlstate: 'PT422', code: 'INVALID_REQUEST', path: 'from_step' });
  });

  it('refuses to keep what was undone, and takes it again from there', async () => {
    const id = await story.startOpen(task);
    for (const stepId of ['a', 'b', 'c']) await story.take(id, stepId);
    await story.begin(id, 'd');
    await story.take(id, 'b:undo');
    await story.begin(id, 'a:undo');
    await story.end(id, 'a:undo', { state: 'failed', error: FAILURE });
    await story.finish(id, { state: 'failed' });
    expect(await refusalOf(fork(id, 'd'))).toMatchObject({
      sqlstate: 'PT409',
      code: 'STEP_NOT_KEPT',
      path: 'from_step',
      message: 'what "b" did was undone when the run failed',
    });
    expect(await story.stepsOf((await fork(id, 'b')).id)).toEqual(['a/0 completed@0', 'c/0 completed@0']);
  });

  it('refuses to keep what a reset has overtaken', async () => {
    const id = await story.startOpen(task);
    for (const stepId of ['a', 'b', 'c']) await story.take(id, stepId);
    await story.take(id, 'a', { execution: 2 });
    await story.finish(id, { execution: 2, state: 'failed' });
    expect(await refusedAs(fork(id, 'd'))).toBe('409 STEP_NOT_KEPT');
    expect((await fork(id, 'a')).state).toBe('queued');
  });

  it.each(['scheduled', 'queued', 'running', 'waiting', 'awaiting_input', 'retrying', 'paused'] as RunState[])(
    'refuses a run that is %s',
    async (state) => {
      const { id } = await createRunIn(db.owner, task, state);
      expect(await refusalOf(fork(id, 'a'))).toMatchObject({
        sqlstate: 'PT409',
        code: 'RUN_NOT_FINISHED',
        path: 'run',
        message: `the run is ${state}`,
      });
    },
  );

  it.each(['completed', 'failed', 'timed_out', 'cancelled', 'skipped', 'expired'] as RunState[])(
    'takes a run that is %s',
    async (state) => {
      const { id } = await createRunIn(db.owner, task, state);
      expect((await fork(id, 'a')).state).toBe('queued');
    },
  );

  it('refuses a task that is deleted', async () => {
    const gone = await createReadyTask(db.owner, acme.id, { slug: 'gone', plan: { steps: STEPS } });
    const id = await runUntil('d', gone);
    await db.owner.query('update durabase.tasks set deleted_at = now() where id = $1', [gone.id]);
    expect(await refusedAs(fork(id, 'd'))).toBe('404 TASK_NOT_FOUND');
  });

  it('obeys the limits of the task, and its input is looked at again', async () => {
    const narrow = await createReadyTask(db.owner, acme.id, {
      slug: 'narrow',
      plan: { steps: STEPS, concurrency: { key: 'x', limit: 1 } },
    });
    const id = await story.startOpen(narrow);
    await story.finish(id, { state: 'failed' });
    const made = await fork(id, 'a');
    expect(await readValue(db.owner, 'select needs_check from durabase_private.run_queue where run_id = $1', [made.id])).toBe(
      true,
    );
  });

  it('waits for a reset of that run that is under way, and refuses the run then', async () => {
    const id = await runUntil('d');
    const client = await db.owner.connect();
    await client.query('begin');
    await callValue(client, 'durabase_private.write_steps', {
      p_items: [{ ...executionOf(id, `exec-2-${id}`), op: 'begin', stepId: 'a', name: 'a', action: 'log', attempt: 1 }],
    });
    const forking = refusedAs(fork(id, 'd'));
    await eventually(async () =>
      expect(
        await readValue(
          db.owner,
          "select count(*)::int from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%fork_run%'",
        ),
      ).toBe(1),
    );
    await client.query('commit');
    client.release();
    expect(await forking).toBe('409 RUN_NOT_FINISHED');
  });
});
