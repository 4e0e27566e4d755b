import { beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { asAnonymous, asService, asUser } from '../../support/as-role.ts';
import {
  createReadyTask,
  createRunIn,
  createUser,
  createWorkspace,
  findRun,
  openRun,
  shareTask,
  startRun,
  type ReadyTask,
  type Run,
  type Workspace,
} from '../../support/build-rows.ts';
import { callRow, callValue, readValue } from '../../support/call.ts';
import { refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';

describe('cancel_run', () => {
  const db = useDatabase();
  let acme: Workspace;
  let task: ReadyTask;

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
    task = await createReadyTask(db.owner, acme.id);
  });

  const cancel =
    (run: string, reason: string | null = null) =>
    (client: pg.ClientBase) =>
      callRow<Run>(client, 'durabase.cancel_run', { run, reason });
  const cancelAs = (userId: string, run: string, reason: string | null = null) => asUser(db.owner, userId, cancel(run, reason));
  const startAs = (userId: string) =>
    asUser(db.owner, userId, (client) => callRow<Run>(client, 'durabase.start_run', { task: task.slug, workspace: acme.id }));
  const wishes = (run: string) =>
    readValue<number>(db.owner, 'select count(*)::int from durabase_private.wishes where run_id = $1', [run]);

  it.each(['queued', 'scheduled'] as const)('ends a %s run at once', async (state) => {
    const { id } = await createRunIn(db.owner, task, state);
    const run = await cancelAs(acme.users.admin, id, 'not needed');
    expect(run).toMatchObject({ state: 'cancelled', error: { code: 'RUN_CANCELLED', message: 'not needed' } });
    expect(run.finished_at).not.toBeNull();
    expect(await readValue(db.owner, 'select count(*)::int from durabase_private.run_queue where run_id = $1', [id])).toBe(0);
    expect(await wishes(id)).toBe(0);
  });

  it('leaves a wish for a run that is under way, which goes on until it has cleaned up', async () => {
    const { id } = await createRunIn(db.owner, task, 'running');
    const run = await cancelAs(acme.users.admin, id);
    expect(run).toMatchObject({ state: 'running', finished_at: null });
    expect(run.cancel_requested_at).not.toBeNull();
    const { rows } = await db.owner.query('select kind, epoch from durabase_private.wishes where run_id = $1', [id]);
    expect(rows).toEqual([{ kind: 'cancel', epoch: 1 }]);
  });

  it('leaves a wish for a run that a dispatcher is starting', async () => {
    const { id } = await startRun(db.owner, task);
    await callValue(db.engine, 'durabase_private.admit', { p_limit: 1000, p_claim_ms: 60_000 });
    expect((await cancelAs(acme.users.admin, id)).state).toBe('queued');
    expect(await wishes(id)).toBe(1);
  });

  it('hands a wish to one carrier at a time', async () => {
    const { id } = await createRunIn(db.owner, task, 'waiting');
    await cancelAs(acme.users.admin, id, 'enough');
    const claim = () => db.engine.query('select * from durabase_private.claim_wishes(1000) where run_id = $1', [id]);
    const answers = await Promise.all([claim(), claim(), claim()]);
    expect(answers.flatMap(({ rows }) => rows)).toEqual([
      {
        run_id: id,
        workflow_id: `run-${id}`,
        kind: 'cancel',
        epoch: 1,
        reason: 'enough',
        requested_at: expect.any(Date) as unknown,
      },
    ]);
  });

  it('changes nothing the second time', async () => {
    const { id } = await createRunIn(db.owner, task, 'running');
    const first = await cancelAs(acme.users.admin, id, 'one');
    const second = await cancelAs(acme.users.admin, id, 'two');
    expect(second).toMatchObject({ version: first.version, cancel_reason: 'one' });
    expect(
      await readValue(
        db.owner,
        "select count(*)::int from durabase.audit_log where entity_id = $1 and action = 'run.cancelled'",
        [id],
      ),
    ).toBe(1);
  });

  it.each(['completed', 'failed', 'timed_out', 'cancelled', 'skipped', 'expired'] as const)(
    'refuses a run that is %s',
    async (state) => {
      const { id } = await createRunIn(db.owner, task, state);
      expect(await refusedAs(cancelAs(acme.users.admin, id))).toBe('409 RUN_FINISHED');
    },
  );

  it('writes one audit row and gapless events', async () => {
    const { id } = await createRunIn(db.owner, task, 'queued');
    await cancelAs(acme.users.owner, id, 'why not');
    const audit = await db.owner.query(
      "select action, actor_user_id, details from durabase.audit_log where entity_id = $1 and action <> 'run.started'",
      [id],
    );
    expect(audit.rows).toEqual([{ action: 'run.cancelled', actor_user_id: acme.users.owner, details: { reason: 'why not' } }]);
    const events = await db.owner.query('select seq::int, kind from durabase.run_events where run_id = $1 order by seq', [id]);
    expect(events.rows).toEqual([
      { seq: 1, kind: 'run.queued' },
      { seq: 2, kind: 'run.cancel-requested' },
      { seq: 3, kind: 'run.cancelled' },
    ]);
  });

  describe('rights', () => {
    it.each(['owner', 'admin'] as const)('lets %ss cancel runs of others', async (role) => {
      const { id } = await startAs(acme.users.runner);
      await expect(cancelAs(acme.users[role], id)).resolves.toMatchObject({ state: 'cancelled' });
    });

    it.each(['runner', 'editor'] as const)('lets %ss cancel their own', async (role) => {
      const { id } = await startAs(acme.users[role]);
      await expect(cancelAs(acme.users[role], id)).resolves.toMatchObject({ state: 'cancelled' });
    });

    it.each(['editor', 'viewer'] as const)('refuses %ss the runs of others', async (role) => {
      const { id } = await startAs(acme.users.runner);
      expect(await refusedAs(cancelAs(acme.users[role], id))).toBe('403 FORBIDDEN');
    });

    it('does not tell runners of runs of others, nor strangers of any', async () => {
      const { id } = await startAs(acme.users.editor);
      expect(await refusedAs(cancelAs(acme.users.runner, id))).toBe('404 RUN_NOT_FOUND');
      expect(await refusedAs(cancelAs(await createUser(db.owner), id))).toBe('404 RUN_NOT_FOUND');
    });

    it('lets somebody with whom the task is shared cancel what he started, as long as he may run it', async () => {
      const guest = await createUser(db.owner);
      await shareTask(db.owner, { taskId: task.id, userId: guest, canRun: true });
      const [mine, later] = [await startAs(guest), await startAs(guest)];
      await expect(cancelAs(guest, mine.id)).resolves.toMatchObject({ state: 'cancelled' });
      await db.owner.query('update durabase.task_permissions set can_run = false where user_id = $1', [guest]);
      expect(await refusedAs(cancelAs(guest, later.id))).toBe('403 FORBIDDEN');
    });

    it('refuses a removed member his own run', async () => {
      const removed = await createUser(db.owner);
      await db.owner.query("insert into durabase.workspace_members values ($1, $2, 'runner')", [acme.id, removed]);
      const { id } = await startAs(removed);
      await db.owner.query('delete from durabase.workspace_members where user_id = $1', [removed]);
      expect(await refusedAs(cancelAs(removed, id))).toBe('404 RUN_NOT_FOUND');
    });

    it('refuses everybody but services once the workspace is deleted', async () => {
      const gone = await createWorkspace(db.owner);
      const its = await createReadyTask(db.owner, gone.id);
      const guest = await createUser(db.owner);
      await shareTask(db.owner, { taskId: its.id, userId: guest, canRun: true });
      const { id } = await asUser(db.owner, guest, (client) => callRow<Run>(client, 'durabase.start_run', { task: its.id }));
      await db.owner.query('update durabase.workspaces set deleted_at = now() where id = $1', [gone.id]);
      expect(await refusedAs(cancelAs(guest, id))).toBe('404 RUN_NOT_FOUND');
      expect(await refusedAs(cancelAs(gone.users.owner, id))).toBe('404 RUN_NOT_FOUND');
      await expect(asService(db.owner, cancel(id))).resolves.toMatchObject({ state: 'cancelled' });
    });

    it('refuses visitors and lets services cancel', async () => {
      const { id } = await startAs(acme.users.runner);
      expect(await refusedAs(asAnonymous(db.owner, cancel(id)))).toBe('42501');
      await expect(asService(db.owner, cancel(id))).resolves.toMatchObject({ state: 'cancelled' });
    });
  });

  it('refuses a reason of more than 1,000 characters', async () => {
    const { id } = await startRun(db.owner, task);
    expect(await refusedAs(cancelAs(acme.users.owner, id, 'x'.repeat(1001)))).toBe('422 INVALID_REQUEST');
  });

  it('and a dispatcher that admits at the same moment agree on one fate', async () => {
    const runs = await Promise.all(Array.from({ length: 20 }, () => startRun(db.owner, task)));
    const cancelling = Promise.all(runs.map((run) => cancelAs(acme.users.admin, run.id)));
    const admitted = await callValue<{ runs: { runId: string }[] }>(db.engine, 'durabase_private.admit', {
      p_limit: 1000,
      p_claim_ms: 60_000,
    });
    await cancelling;
    for (const { id } of runs) {
      const isAdmitted = admitted.runs.some(({ runId }) => runId === id);
      expect((await findRun(db.owner, id)).state).toBe(isAdmitted ? 'queued' : 'cancelled');
      expect(await wishes(id)).toBe(isAdmitted ? 1 : 0);
    }
  });

  it('tells a run that opens afterwards that it is to end', async () => {
    const { id } = await startRun(db.owner, task);
    await db.owner.query('update durabase_private.run_queue set admitted_at = now() where run_id = $1', [id]);
    await cancelAs(acme.users.admin, id);
    await expect(openRun(db.owner, id)).rejects.toThrow('"cancel"');
  });
});
