import { beforeAll, describe, expect, it } from '@jest/globals';
import { asUser } from '../../support/as-role.ts';
import {
  admitRun,
  createReadyTask,
  createRunIn,
  createWorkspace,
  type ReadyTask,
  type Run,
  type Workspace,
} from '../../support/build-rows.ts';
import type { RunState } from '@durabase/contracts';
import { callRow, readValue } from '../../support/call.ts';
import { refusalOf, refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';
import { tellStory } from '../support/tell-story.ts';

const FAILURE = { code: 'STEP_FAILED', message: 'no' };

describe('runs made again', () => {
  const db = useDatabase();
  const story = tellStory(db);
  let acme: Workspace;
  let task: ReadyTask;

  const step = (id: string, needs: readonly string[] = []) => ({ id, action: 'log', needs });

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
    task = await createReadyTask(db.owner, acme.id, { plan: { steps: [step('a'), step('b', ['a']), step('c', ['a'])] } });
  });

  const act = (name: string, args: Readonly<Record<string, unknown>>) =>
    asUser(db.owner, acme.users.editor, (client) => callRow<Run & { readonly input: unknown }>(client, `durabase.${name}`, args));
  const retry = (run: string) => act('retry_run', { run });
  const rerun = (run: string, more: Readonly<Record<string, unknown>> = {}) => act('rerun', { run, ...more });
  const linkOf = async (runId: string) =>
    (await db.owner.query('select parent_run_id, kind, step_id from durabase.run_links where run_id = $1', [runId])).rows[0];
  const publish = async (of: ReadyTask): Promise<string> => {
    const version = await callRow<{ readonly id: string }>(db.owner, 'durabase.save_task', {
      definition: { slug: of.slug },
      workspace: acme.id,
    });
    await callRow(db.owner, 'durabase_private.publish_version', {
      p_version: version.id,
      p_plan: { mode: 'async', priority: 5, steps: [step('a')] },
      p_problems: null,
    });
    return version.id;
  };

  describe('by retry_run', () => {
    it('keep all that is done, whether before or beside what failed', async () => {
      const id = await story.startOpen(task, { input: { n: 1 } });
      await story.take(id, 'a', { output: 1 });
      await story.skip(id, 'c');
      await story.begin(id, 'b');
      await story.end(id, 'b', { attempt: 1, state: 'failed', error: FAILURE });
      await story.finish(id, { state: 'failed' });
      const made = await retry(id);
      expect(made).toMatchObject({
        state: 'queued',
        version_id: task.versionId,
        input: { n: 1 },
        actor_user_id: acme.users.editor,
      });
      expect(await story.stepsOf(made.id)).toEqual(['a/0 completed@0', 'c/0 skipped@0']);
      expect(await linkOf(made.id)).toEqual({ parent_run_id: id, kind: 'retry', step_id: null });
      expect(await story.auditOf(made.id)).toEqual(['run.started by user']);
      await admitRun(db.owner, made.id);
      expect((await story.open(made.id)).done).toEqual({ a: 'completed', c: 'skipped' });
    });

    it('take a loop again that did not come to its end', async () => {
      const id = await story.startOpen(task);
      await story.openLoop(id, 'a', [1, 2]);
      await story.take(id, 'a', { iteration: 0 });
      await story.closeLoop(id, 'a', { state: 'failed', error: FAILURE });
      await story.finish(id, { state: 'failed' });
      expect(await story.stepsOf((await retry(id)).id)).toEqual([]);
    });

    it('stay on their version, whatever is newest', async () => {
      const own = await createReadyTask(db.owner, acme.id, { slug: 'retried' });
      const { id } = await createRunIn(db.owner, own, 'failed');
      await publish(own);
      expect((await retry(id)).version_id).toBe(own.versionId);
    });

    it('can be retried again: what was kept is kept', async () => {
      const id = await story.startOpen(task);
      await story.take(id, 'a', { output: 'first' });
      await story.finish(id, { state: 'failed' });
      const second = await retry(id);
      await admitRun(db.owner, second.id);
      await story.open(second.id);
      await story.take(second.id, 'b');
      await story.finish(second.id, { state: 'failed' });
      const third = await retry(second.id);
      expect(await story.stepsOf(third.id)).toEqual(['a/0 completed@0', 'b/0 completed@0']);
      expect((await story.stepOf(third.id, 'a'))?.output).toBe('first');
      expect(await linkOf(third.id)).toMatchObject({ parent_run_id: second.id });
    });

    it('refuse to keep what was undone, and carry no undoing along', async () => {
      const id = await story.startOpen(task);
      await story.take(id, 'a');
      await story.take(id, 'a:undo');
      await story.finish(id, { state: 'failed' });
      expect(await refusalOf(retry(id))).toMatchObject({ sqlstate: 'PT409', code: 'STEP_NOT_KEPT', path: 'from_step' });
      const other = await story.startOpen(task);
      await story.take(other, 'a:undo');
      await story.finish(other, { state: 'failed' });
      expect(await story.stepsOf((await retry(other)).id)).toEqual([]);
    });

    it.each(['failed', 'timed_out', 'cancelled', 'expired'] as RunState[])('are made of runs that are %s', async (state) => {
      expect((await retry((await createRunIn(db.owner, task, state)).id)).state).toBe('queued');
    });

    it.each([
      ['completed', 'RUN_FINISHED', 'the run ended as completed: there is nothing to retry'],
      ['skipped', 'RUN_FINISHED', 'the run ended as skipped: there is nothing to retry'],
      ['running', 'RUN_NOT_FINISHED', 'the run is running'],
      ['queued', 'RUN_NOT_FINISHED', 'the run is queued'],
    ] as const)('are not made of runs that are %s', async (state, code, message) => {
      const { id } = await createRunIn(db.owner, task, state);
      expect(await refusalOf(retry(id))).toMatchObject({ sqlstate: 'PT409', code, message, path: 'run' });
    });
  });

  describe('by rerun', () => {
    it('keep nothing and take the newest version with the same input', async () => {
      const own = await createReadyTask(db.owner, acme.id, { slug: 'rerun' });
      const id = await story.startOpen(own, { input: { n: 1 }, priority: 2 });
      await story.take(id, 'hello');
      await story.finish(id);
      const version = await publish(own);
      const made = await rerun(id);
      expect(made).toMatchObject({ state: 'queued', version_id: version, input: { n: 1 }, priority: 2 });
      expect(await story.stepsOf(made.id)).toEqual([]);
      expect(await linkOf(made.id)).toEqual({ parent_run_id: id, kind: 'rerun', step_id: null });
      expect((await rerun(id, { version: null })).version_id).toBe(version);
      expect((await rerun(id, { version: 'same' })).version_id).toBe(own.versionId);
      expect(await refusedAs(rerun(id, { version: 'other' }))).toBe('422 INVALID_REQUEST');
    });

    it('take another input', async () => {
      const { id } = await createRunIn(db.owner, task, 'completed');
      expect((await rerun(id, { input: { other: true } })).input).toEqual({ other: true });
    });

    it('refuse an input of more than 1 MiB', async () => {
      const { id } = await createRunIn(db.owner, task, 'completed');
      expect(await refusalOf(rerun(id, { input: { text: 'x'.repeat(1_048_576) } }))).toMatchObject({
        sqlstate: 'PT413',
        code: 'BODY_TOO_LARGE',
        path: 'input',
      });
    });

    it('are made of a run that was undone: it begins with nothing', async () => {
      const id = await story.startOpen(task);
      await story.take(id, 'a');
      await story.take(id, 'a:undo');
      await story.finish(id, { state: 'failed' });
      expect(await story.stepsOf((await rerun(id)).id)).toEqual([]);
    });

    it.each(['completed', 'failed', 'timed_out', 'cancelled', 'skipped', 'expired'] as RunState[])(
      'are made of runs that are %s',
      async (state) => {
        expect((await rerun((await createRunIn(db.owner, task, state)).id)).state).toBe('queued');
      },
    );

    it('refuse a task without a ready version', async () => {
      const own = await createReadyTask(db.owner, acme.id, { slug: 'unready' });
      const { id } = await createRunIn(db.owner, own, 'completed');
      await db.owner.query('update durabase.tasks set ready_version_id = null where id = $1', [own.id]);
      expect(await refusedAs(rerun(id))).toBe('409 TASK_NOT_READY');
      expect((await rerun(id, { version: 'same' })).state).toBe('queued');
    });
  });

  it('keep no steps together with another input, and are made in no other way', async () => {
    const id = await story.startOpen(task);
    await story.take(id, 'a');
    await story.finish(id, { state: 'failed' });
    const make = (kind: string | null, input: object | null) =>
      asUser(db.owner, acme.users.editor, (client) =>
        callRow(client, 'durabase_private.make_run', {
          p_run: id,
          p_kind: kind,
          p_from_step: null,
          p_input: input,
          p_version: null,
          p_priority: null,
        }),
      );
    expect(await refusalOf(make('retry', { n: 2 }))).toMatchObject({ code: 'INVALID_REQUEST', path: 'input' });
    for (const kind of ['child', 'other', null])
      expect(await refusalOf(make(kind, null))).toMatchObject({ code: 'INVALID_REQUEST', path: 'kind' });
    expect(await readValue(db.owner, 'select count(*)::int from durabase.run_links where parent_run_id = $1', [id])).toBe(0);
  });

  it('show where they come from, from both sides', async () => {
    const { id } = await createRunIn(db.owner, task, 'failed');
    const made = [await retry(id), await rerun(id), await act('fork_run', { run: id, from_step: 'a' })];
    const { rows } = await asUser(db.owner, acme.users.viewer, (client) =>
      client.query('select run_id, kind from durabase.run_links where parent_run_id = $1 order by created_at', [id]),
    );
    expect(rows).toEqual(made.map((run, index) => ({ run_id: run.id, kind: ['retry', 'rerun', 'fork'][index] })));
  });
});
