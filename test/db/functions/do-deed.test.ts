import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  createReadyTask,
  createUser,
  createWorkspace,
  findRun,
  openRun,
  startRun,
  type ReadyTask,
  type Workspace,
} from '../../support/build-rows.ts';
import { asUser } from '../../support/as-role.ts';
import { callRow, callValue, readValue } from '../../support/call.ts';
import { eventually } from '../../support/eventually.ts';
import { useDatabase } from '../../support/use-database.ts';
import { CHILD, startFamily } from '../support/start-waiting.ts';
import { tellStory } from '../support/tell-story.ts';

const NOBODY = '01890000-0000-7000-8000-000000000000';

describe('do_deed', () => {
  const db = useDatabase();
  const story = tellStory(db);
  let acme: Workspace;
  let task: ReadyTask;

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
    task = await createReadyTask(db.owner, acme.id);
    await createReadyTask(db.owner, acme.id, { slug: 'child' });
  });

  const deeds = () => readValue<number>(db.owner, 'select count(*)::int from durabase_private.deeds');
  const startPair = async (): Promise<{ readonly parent: string; readonly born: string }> => {
    const { parent, children } = await startFamily(db, story, task);
    return { parent, born: children[0] ?? '' };
  };

  it('says that there is nothing to do', async () => {
    await story.doDeeds();
    expect(await callValue(db.engine, 'durabase_private.do_deed')).toBe(false);
  });

  describe('when a child has ended', () => {
    it('ends the step that waits for it, and wakes its workflow', async () => {
      const { parent, born } = await startPair();
      await story.finish(born, { output: { n: 7 } });
      expect((await story.stepOf(parent, 'run-0'))?.state).toBe('waiting'); // nobody who holds one run waits for another
      await story.doDeeds();
      expect(await story.stepOf(parent, 'run-0')).toMatchObject({
        state: 'completed',
        output: { runId: born, state: 'completed', output: { n: 7 } },
      });
      expect(await findRun(db.owner, parent)).toMatchObject({ state: 'running', reason: null });
      expect(await story.wishesOf(parent)).toEqual(['wake']);
      expect((await story.eventsOf(parent)).at(-1)).toBe('step.completed');
    });

    it.each(['failed', 'timed_out', 'cancelled'])('fails the step when it ended as %s', async (state) => {
      const { parent, born } = await startPair();
      await story.finish(born, { state, error: { code: 'HTTP_STATUS', message: 'answered 500' } });
      await story.doDeeds();
      expect(await story.stepOf(parent, 'run-0')).toMatchObject({
        state: 'failed',
        output: null,
        error: {
          code: 'HTTP_STATUS',
          message: `the run ${born} ended as ${state}: answered 500`,
          stepId: 'run-0',
          data: { runId: born, state },
        },
      });
    });

    it('fails the step when it never opened', async () => {
      const parent = await story.startOpen(task);
      await story.wait(parent, 'run-0', CHILD);
      const [born] = await story.childrenOf(parent);
      await callRow(db.owner, 'durabase.cancel_run', { run: born?.id, reason: 'not needed' });
      await story.doDeeds();
      expect((await story.stepOf(parent, 'run-0'))?.error).toMatchObject({ code: 'RUN_CANCELLED' });
    });

    it('tells nobody of a run that is not waited for, or that was made from another one', async () => {
      const parent = await story.startOpen(task);
      await story.wait(parent, 'run-0', { ...CHILD, isWaited: false });
      const [born] = await story.childrenOf(parent);
      await openRun(db.owner, born?.id ?? '', []);
      await story.finish(born?.id ?? '');
      const again = await callRow<{ id: string }>(db.owner, 'durabase.rerun', { run: born?.id });
      await openRun(db.owner, again.id, []);
      await story.finish(again.id);
      expect(await deeds()).toBe(0);
    });

    it('leaves a step alone that has gone on without it', async () => {
      const { parent, born } = await startPair();
      await story.end(parent, 'run-0', { output: { gave: 'up' } });
      await story.finish(born);
      await story.doDeeds();
      expect((await story.stepOf(parent, 'run-0'))?.output).toEqual({ gave: 'up' });
    });

    it('leaves a step alone that waits for a later run by now', async () => {
      const { parent, born } = await startPair();
      await story.finish(born, { state: 'failed' });
      await story.wait(parent, 'run-0', CHILD, { execution: 2 }); // reset: another child
      expect(await story.childrenOf(parent)).toHaveLength(2);
      await story.doDeeds();
      expect((await story.stepOf(parent, 'run-0'))?.state).toBe('waiting');
    });

    it('leaves the step waiting when the child lives again, and ends it when that ends', async () => {
      const { parent, born } = await startPair();
      await story.finish(born, { state: 'failed' });
      await story.open(born, { execution: 2 });
      await story.doDeeds();
      expect((await story.stepOf(parent, 'run-0'))?.state).toBe('waiting');
      await story.finish(born, { execution: 2, output: 2 });
      await story.doDeeds();
      expect((await story.stepOf(parent, 'run-0'))?.output).toMatchObject({ output: 2 });
    });

    it('is told once, however many ends there are', async () => {
      const { parent, born } = await startPair();
      await story.finish(born, { output: 1 });
      await story.reconcile(born, 'TERMINATED');
      await story.doDeeds();
      expect((await story.eventsOf(parent)).filter((kind) => kind === 'step.completed' || kind === 'step.failed')).toHaveLength(
        1,
      );
    });

    it('does nothing when parent or child are gone', async () => {
      const { parent, born } = await startPair();
      await story.finish(born);
      await db.owner.query('delete from durabase.task_runs where id = $1', [parent]);
      const other = await startPair();
      await story.finish(other.born);
      await db.owner.query('delete from durabase.task_runs where id = $1', [other.born]);
      await story.doDeeds();
      expect([await deeds(), (await story.stepOf(other.parent, 'run-0'))?.state]).toEqual([0, 'waiting']);
    });
  });

  describe('when a parent has ended', () => {
    it.each(['completed', 'failed', 'cancelled'])('cancels the children that it waited for (%s)', async (state) => {
      const { parent, born } = await startPair();
      await story.wait(parent, 'queued', CHILD);
      const queued = (await story.childrenOf(parent)).at(-1)?.id ?? '';
      await story.finish(parent, { state });
      expect((await findRun(db.owner, born)).cancel_requested_at).toBeNull();
      await story.doDeeds();
      expect(await findRun(db.owner, queued)).toMatchObject({
        state: 'cancelled',
        error: { code: 'RUN_CANCELLED', message: `its parent ${parent} ended` },
      });
      expect(await story.count('run_queue', queued)).toBe(0);
      expect((await findRun(db.owner, born)).cancel_requested_at).not.toBeNull();
      expect(await story.wishesOf(born)).toEqual(['cancel']);
      // one audit row each, which names whose end it was
      for (const run of [born, queued])
        expect(await story.auditOf(run)).toEqual(['run.started by sql_role', 'run.cancelled by run']);
      expect(await story.eventsOf(queued)).toEqual(['run.queued', 'run.cancel-requested', 'run.cancelled']);
    });

    it('leaves runs alone that it did not wait for, that have ended, that are to end anyway, and those made from it', async () => {
      const { parent, born } = await startPair();
      await story.finish(born, { output: 1 });
      await story.wait(parent, 'free', { ...CHILD, isWaited: false });
      await story.wait(parent, 'asked', CHILD);
      const [, free, asked] = await story.childrenOf(parent);
      await openRun(db.owner, asked?.id ?? '', []);
      await callRow(db.owner, 'durabase.cancel_run', { run: asked?.id, reason: 'first' });
      await story.doDeeds();
      await story.finish(parent, { state: 'cancelled' });
      const made = await callRow<{ id: string }>(db.owner, 'durabase.rerun', { run: parent });
      await story.doDeeds();
      expect((await findRun(db.owner, born)).state).toBe('completed');
      for (const run of [free?.id ?? '', made.id])
        expect(await findRun(db.owner, run)).toMatchObject({ state: 'queued', cancel_requested_at: null });
      expect(await readValue(db.owner, 'select cancel_reason from durabase.task_runs where id = $1', [asked?.id])).toBe('first');
      expect(await story.auditOf(asked?.id ?? '')).toHaveLength(2);
    });

    it('goes down through all generations', async () => {
      const { parent, born } = await startPair();
      await story.wait(born, 'run-0', CHILD);
      const [grandchild] = await story.childrenOf(born);
      await story.finish(parent, { state: 'cancelled' });
      await story.doDeeds();
      await story.finish(born, { state: 'cancelled' }); // its workflow has heard of it
      await story.doDeeds();
      expect((await findRun(db.owner, grandchild?.id ?? '')).state).toBe('cancelled');
      expect(await deeds()).toBe(0);
    });

    it('asks a child that a dispatcher is starting', async () => {
      const parent = await story.startOpen(task);
      await story.wait(parent, 'run-0', CHILD);
      const [born] = await story.childrenOf(parent);
      await db.owner.query('update durabase_private.run_queue set admitted_at = now() where run_id = $1', [born?.id]);
      await story.finish(parent);
      await story.doDeeds();
      expect(await findRun(db.owner, born?.id ?? '')).toMatchObject({ state: 'queued', finished_at: null });
      expect(await story.wishesOf(born?.id ?? '')).toEqual(['cancel']);
    });
  });

  describe('with many at once', () => {
    it('does each deed once', async () => {
      const families = await Promise.all(Array.from({ length: 10 }, startPair));
      for (const { born } of families) await story.finish(born, { output: 1 });
      const counts = await Promise.all(Array.from({ length: 6 }, () => story.doDeeds()));
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(10);
      for (const { parent } of families)
        expect((await story.eventsOf(parent)).filter((kind) => kind === 'step.completed')).toHaveLength(1);
    });

    it('is not held up by a deed whose run somebody else holds', async () => {
      const [held, free] = [await startPair(), await startPair()];
      const holder = await db.owner.connect();
      await holder.query('begin');
      await holder.query('select from durabase.task_runs where id = $1 for update', [held.parent]);
      await story.finish(held.born, { output: 1 });
      await story.finish(free.born, { output: 2 });
      const stuck = callValue<boolean>(db.engine, 'durabase_private.do_deed');
      await eventually(async () =>
        expect(
          await readValue<boolean>(
            db.owner,
            "select exists (select from pg_stat_activity where wait_event_type = 'Lock' and query like '%do_deed%' and datname = current_database())",
          ),
        ).toBe(true),
      );
      expect(await callValue(db.engine, 'durabase_private.do_deed')).toBe(true);
      expect((await story.stepOf(free.parent, 'run-0'))?.state).toBe('completed');
      await holder.query('commit');
      holder.release();
      expect(await stuck).toBe(true);
      expect((await story.stepOf(held.parent, 'run-0'))?.state).toBe('completed');
    });
  });

  it('puts off a deed that fails, says why, and goes on with the others', async () => {
    const { parent, born } = await startPair();
    await db.owner.query(
      `create function public.fail_on_purpose() returns trigger language plpgsql as $$ begin raise exception 'broken on purpose'; end $$;
       create trigger fail before update on durabase.run_steps for each row when (old.run_id = '${parent}') execute function public.fail_on_purpose()`,
    );
    const other = await startPair();
    await story.finish(born, { output: 1 });
    await story.finish(other.born, { output: 2 });
    expect(await story.doDeeds()).toBe(2);
    expect((await story.stepOf(other.parent, 'run-0'))?.state).toBe('completed');
    const { rows } = await db.owner.query(
      'select run_id, failure_count, problem, due_at > clock_timestamp() as is_later from durabase_private.deeds',
    );
    expect(rows).toEqual([{ run_id: parent, failure_count: 1, problem: 'broken on purpose', is_later: true }]);
    expect(await readValue(db.engine, "select durabase_private.admit(10, 1000) -> 'deeds'")).toBe(false);
    await db.owner.query('drop trigger fail on durabase.run_steps; update durabase_private.deeds set due_at = now()');
    expect(await readValue(db.engine, "select durabase_private.admit(10, 1000) -> 'deeds'")).toBe(true);
    await story.doDeeds();
    expect((await story.stepOf(parent, 'run-0'))?.state).toBe('completed');
  });

  it('is for the engine alone', async () => {
    const stranger = await createUser(db.owner);
    await expect(asUser(db.owner, stranger, (client) => client.query('select durabase_private.do_deed()'))).rejects.toThrow(
      'permission denied',
    );
    await db.owner.query("insert into durabase_private.deeds (kind, other_id) values ('event', $1)", [NOBODY]);
    expect(await story.doDeeds()).toBe(1);
    expect((await startRun(db.owner, task)).state).toBe('queued');
  });
});
