import { beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { asAnonymous, asRole, asService, asUser, claimsOf } from '../../support/as-role.ts';
import {
  createReadyTask,
  createUser,
  createWorkspace,
  shareTask,
  type ReadyTask,
  type Run,
  type Workspace,
} from '../../support/build-rows.ts';
import { callRow, readValue } from '../../support/call.ts';
import { refusalOf, refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';

describe('start_run', () => {
  const db = useDatabase();
  let acme: Workspace;
  let task: ReadyTask;

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
    task = await createReadyTask(db.owner, acme.id);
  });

  const start =
    (args: Readonly<Record<string, unknown>> = {}) =>
    (client: pg.ClientBase) =>
      callRow<Run>(client, 'durabase.start_run', { task: 'greet', workspace: acme.id, ...args });
  const startAs = (userId: string, args: Readonly<Record<string, unknown>> = {}) => asUser(db.owner, userId, start(args));

  describe('acceptance', () => {
    it('writes a queued run with its version, its actor and its first event', async () => {
      const run = await startAs(acme.users.runner, { input: { name: 'Ada' } });
      expect(run).toMatchObject({
        state: 'queued',
        version_id: task.versionId,
        input: { name: 'Ada' },
        source: 'call',
        actor_kind: 'user',
        actor_user_id: acme.users.runner,
        workflow_id: `run-${run.id}`,
        epoch: 0,
        mode: 'async',
        priority: 3,
        event_seq: '1',
      });
      const { rows } = await db.owner.query('select seq, kind from durabase.run_events where run_id = $1', [run.id]);
      expect(rows).toEqual([{ seq: '1', kind: 'run.queued' }]);
    });

    it('writes exactly one audit row', async () => {
      const run = await startAs(acme.users.editor);
      const { rows } = await db.owner.query(
        'select action, actor_user_id, workspace_id from durabase.audit_log where entity_id = $1',
        [run.id],
      );
      expect(rows).toEqual([{ action: 'run.started', actor_user_id: acme.users.editor, workspace_id: acme.id }]);
    });

    it('accepts for a later time as scheduled', async () => {
      const run = await startAs(acme.users.runner, { run_at: new Date(Date.now() + 60_000) });
      expect(run.state).toBe('scheduled');
    });

    it('takes the task by its id too', async () => {
      expect((await startAs(acme.users.runner, { task: task.id, workspace: null })).task_id).toBe(task.id);
    });

    it('gives the run the priority of the call, else of the task', async () => {
      expect((await startAs(acme.users.runner, { priority: 1 })).priority).toBe(1);
    });

    it('counts the time-to-live from the time for which it was accepted', async () => {
      await createReadyTask(db.owner, acme.id, { slug: 'short-lived', plan: { ttlMs: 5000 } });
      const run = await startAs(acme.users.runner, { task: 'short-lived', run_at: new Date(Date.now() + 60_000) });
      expect(run.expires_at?.getTime()).toBe(run.run_at.getTime() + 5000);
    });

    it('keeps the ready version while a newer draft waits for the compiler', async () => {
      await createReadyTask(db.owner, acme.id, { slug: 'drafted' });
      await callRow(db.owner, 'durabase.save_task', { definition: { slug: 'drafted' }, workspace: acme.id });
      await expect(startAs(acme.users.runner, { task: 'drafted' })).resolves.toMatchObject({ state: 'queued' });
    });
  });

  describe('idempotency', () => {
    it('gives the same run for the same key and body', async () => {
      const first = await startAs(acme.users.runner, { idempotency_key: 'order-1', input: { a: 1, b: 2 } });
      const second = await startAs(acme.users.runner, { idempotency_key: 'order-1', input: { b: 2, a: 1 } });
      expect(second.id).toBe(first.id);
    });

    it('accepts one run of 50 concurrent calls with one key', async () => {
      const runs = await Promise.all(Array.from({ length: 50 }, () => startAs(acme.users.runner, { idempotency_key: 'rush' })));
      expect(new Set(runs.map((run) => run.id)).size).toBe(1);
      expect(await readValue(db.owner, "select count(*)::int from durabase.task_runs where idempotency_key = 'rush'")).toBe(1);
      expect(await readValue(db.owner, 'select count(*)::int from durabase.audit_log where entity_id = $1', [runs[0]?.id])).toBe(
        1,
      );
    });

    it.each([
      ['input', { input: { a: 2 } }],
      ['time', { run_at: '2031-01-01T00:00:00Z' }],
      ['priority', { priority: 1 }],
    ])('refuses the same key with another %s', async (what, change) => {
      await startAs(acme.users.runner, { idempotency_key: `other-${what}`, input: { a: 1 } });
      const again = startAs(acme.users.runner, { idempotency_key: `other-${what}`, input: { a: 1 }, ...change });
      expect(await refusedAs(again)).toBe('409 IDEMPOTENCY_CONFLICT');
    });

    it('gives the same run for the same instant written in another time zone', async () => {
      const inZone = (zone: string) =>
        asUser(db.owner, acme.users.runner, async (client) => {
          await client.query("select set_config('timezone', $1, true)", [zone]);
          return start({ idempotency_key: 'zoned', run_at: '2031-01-01T00:00:00Z' })(client);
        });
      expect((await inZone('Asia/Tokyo')).id).toBe((await inZone('UTC')).id);
    });

    it('does not hand the run of somebody else to a runner who guesses its key', async () => {
      const other = await createUser(db.owner);
      await shareTask(db.owner, { taskId: task.id, userId: other, canRun: true });
      await startAs(acme.users.runner, { idempotency_key: 'secret-key' });
      expect(await refusedAs(startAs(other, { idempotency_key: 'secret-key' }))).toBe('409 IDEMPOTENCY_CONFLICT');
    });

    it('keeps keys of workspaces apart', async () => {
      const other = await createWorkspace(db.owner);
      await createReadyTask(db.owner, other.id);
      const here = await startAs(acme.users.runner, { idempotency_key: 'both' });
      const there = await startAs(other.users.runner, { idempotency_key: 'both', workspace: other.id });
      expect(there.id).not.toBe(here.id);
    });

    it('forgets the key when the transaction is rolled back', async () => {
      await expect(
        asUser(db.owner, acme.users.runner, async (client) => {
          await start({ idempotency_key: 'undone', input: { a: 1 } })(client);
          throw new Error('changed my mind');
        }),
      ).rejects.toThrow('changed my mind');
      await expect(startAs(acme.users.runner, { idempotency_key: 'undone', input: { a: 2 } })).resolves.toMatchObject({
        state: 'queued',
      });
    });
  });

  describe("inside a transaction on a user's own table", () => {
    beforeAll(async () => {
      await db.owner.query(`
        create table public.orders (id int primary key);
        grant insert on public.orders to authenticated;
        create function public.order_placed() returns trigger language plpgsql as $$
        begin
          perform durabase.start_run('greet', jsonb_build_object('order', new.id), '${acme.id}');
          return new;
        end $$;
        create trigger order_placed after insert on public.orders for each row execute function public.order_placed();`);
    });

    const runsOfOrder = (order: number) =>
      readValue<number>(db.owner, "select count(*)::int from durabase.task_runs where input ->> 'order' = $1", [String(order)]);

    it('leaves one run when the transaction commits, with its user as actor', async () => {
      await asUser(db.owner, acme.users.runner, (client) => client.query('insert into public.orders values (1)'));
      expect(await runsOfOrder(1)).toBe(1);
      const actor = await readValue(db.owner, "select actor_user_id from durabase.task_runs where input ->> 'order' = '1'");
      expect(actor).toBe(acme.users.runner);
    });

    it('leaves nothing when it is rolled back', async () => {
      const before = await readValue(db.owner, 'select count(*)::int from durabase.audit_log');
      await expect(
        asUser(db.owner, acme.users.runner, async (client) => {
          await client.query('insert into public.orders values (2)');
          throw new Error('payment refused');
        }),
      ).rejects.toThrow('payment refused');
      expect(await runsOfOrder(2)).toBe(0);
      expect(
        await readValue(
          db.owner,
          'select count(*)::int from durabase_private.run_queue q left join durabase.task_runs r on r.id = q.run_id where r.id is null',
        ),
      ).toBe(0);
      expect(await readValue(db.owner, 'select count(*)::int from durabase.audit_log')).toBe(before);
    });

    it('undoes the insert when the caller may not run the task', async () => {
      expect(
        await refusedAs(asUser(db.owner, acme.users.viewer, (client) => client.query('insert into public.orders values (3)'))),
      ).toBe('403 FORBIDDEN');
      expect(await readValue(db.owner, 'select count(*)::int from public.orders where id = 3')).toBe(0);
    });

    it('names the role of a session that has no claims', async () => {
      await db.owner.query('insert into public.orders values (4)');
      const { rows } = await db.owner.query(
        "select actor_kind, actor_user_id, actor_name from durabase.task_runs where input ->> 'order' = '4'",
      );
      expect(rows).toEqual([{ actor_kind: 'sql_role', actor_user_id: null, actor_name: 'postgres' }]);
    });
  });

  describe('rights', () => {
    it.each(['owner', 'admin', 'editor', 'runner'] as const)('lets %ss start', async (role) => {
      await expect(startAs(acme.users[role])).resolves.toMatchObject({ actor_user_id: acme.users[role] });
    });

    it('refuses viewers', async () => {
      expect(await refusedAs(startAs(acme.users.viewer))).toBe('403 FORBIDDEN');
    });

    it('does not tell strangers that the task exists', async () => {
      const stranger = await createUser(db.owner);
      const real = await refusalOf(startAs(stranger));
      const unknown = await refusalOf(startAs(stranger, { task: 'there-is-none' }));
      expect(real.code).toBe('TASK_NOT_FOUND');
      expect(real.message.replace('greet', '')).toBe(unknown.message.replace('there-is-none', ''));
    });

    it('lets somebody start with whom the task is shared for running, not for viewing', async () => {
      const [guest, reader] = [await createUser(db.owner), await createUser(db.owner)];
      await shareTask(db.owner, { taskId: task.id, userId: guest, canRun: true });
      await shareTask(db.owner, { taskId: task.id, userId: reader });
      await expect(startAs(guest, { workspace: null })).resolves.toMatchObject({ actor_user_id: guest });
      expect(await refusedAs(startAs(reader))).toBe('403 FORBIDDEN');
    });

    it('refuses a removed member', async () => {
      const removed = await createWorkspace(db.owner);
      await createReadyTask(db.owner, removed.id);
      await db.owner.query('delete from durabase.workspace_members where user_id = $1', [removed.users.runner]);
      expect(await refusedAs(startAs(removed.users.runner, { workspace: removed.id }))).toBe('404 TASK_NOT_FOUND');
    });

    it('starts nothing in a deleted workspace, whoever asks', async () => {
      const gone = await createWorkspace(db.owner);
      const its = await createReadyTask(db.owner, gone.id);
      const guest = await createUser(db.owner);
      await shareTask(db.owner, { taskId: its.id, userId: guest, canRun: true });
      await db.owner.query('update durabase.workspaces set deleted_at = now() where id = $1', [gone.id]);
      const args = { task: its.id, workspace: null };
      expect(await refusedAs(startAs(gone.users.owner, args))).toBe('404 TASK_NOT_FOUND');
      expect(await refusedAs(startAs(guest, args))).toBe('404 TASK_NOT_FOUND');
      expect(await refusedAs(asService(db.owner, start(args)))).toBe('404 TASK_NOT_FOUND');
    });

    it('lets services and instance admins start anywhere', async () => {
      const admin = await createUser(db.owner);
      await db.owner.query('insert into durabase.instance_admins (user_id) values ($1)', [admin]);
      await expect(startAs(admin)).resolves.toMatchObject({ actor_kind: 'user' });
      await expect(asService(db.owner, start())).resolves.toMatchObject({ actor_kind: 'service', actor_user_id: null });
    });
  });

  describe('identity', () => {
    it('refuses visitors', async () => {
      expect(await refusedAs(asAnonymous(db.owner, start()))).toBe('42501');
    });

    it('refuses a signed-in session without a subject', async () => {
      expect(await refusedAs(asRole(db.owner, { role: 'authenticated' }, start()))).toBe('401 UNAUTHENTICATED');
    });

    it('does not believe claims of a service in a session that has become a user', async () => {
      const forged = asRole(db.owner, { role: 'authenticated', claims: { role: 'service_role' } }, start());
      expect(await refusedAs(forged)).toBe('401 UNAUTHENTICATED');
    });

    it('sees the user, not the service, in claims that name both', async () => {
      const forged = asRole(
        db.owner,
        { role: 'authenticated', claims: { ...claimsOf(acme.users.viewer), role: 'service_role' } },
        start(),
      );
      expect(await refusedAs(forged)).toBe('403 FORBIDDEN');
    });

    it('does not believe claims of a service in a login that merely inherits from users', async () => {
      const role = `reporting_${acme.id.slice(-8)}`;
      await db.owner.query(`create role ${role} nologin inherit in role authenticated`);
      try {
        const forged = asRole(db.owner, { role, claims: { role: 'service_role' } }, start());
        expect(await refusedAs(forged)).toBe('401 UNAUTHENTICATED');
      } finally {
        await db.owner.query(`drop role ${role}`);
      }
    });

    it('takes no actor from the input', async () => {
      const run = await startAs(acme.users.runner, { input: { actor: acme.users.owner, actor_user_id: acme.users.owner } });
      expect(run.actor_user_id).toBe(acme.users.runner);
    });
  });

  describe('refusals', () => {
    it('asks for the workspace when the name is in several', async () => {
      const other = await createWorkspace(db.owner);
      await createReadyTask(db.owner, other.id);
      await db.owner.query("insert into durabase.workspace_members values ($1, $2, 'runner')", [other.id, acme.users.runner]);
      const refusal = await refusalOf(startAs(acme.users.runner, { workspace: null }));
      expect(refusal).toMatchObject({ sqlstate: 'PT422', code: 'WORKSPACE_AMBIGUOUS', path: 'workspace' });
    });

    it('refuses a task that has no ready version', async () => {
      await callRow(db.owner, 'durabase.save_task', { definition: { slug: 'draft-only' }, workspace: acme.id });
      expect(await refusedAs(startAs(acme.users.runner, { task: 'draft-only' }))).toBe('409 TASK_NOT_READY');
    });

    it('refuses a deleted task', async () => {
      const gone = await createReadyTask(db.owner, acme.id, { slug: 'gone' });
      await db.owner.query('update durabase.tasks set deleted_at = now() where id = $1', [gone.id]);
      expect(await refusedAs(startAs(acme.users.runner, { task: 'gone' }))).toBe('404 TASK_NOT_FOUND');
    });

    it.each([
      ['a priority of 0', { priority: 0 }, '422 INVALID_REQUEST'],
      ['a priority of 6', { priority: 6 }, '422 INVALID_REQUEST'],
      ['an empty key', { idempotency_key: '' }, '422 INVALID_REQUEST'],
      ['a key of 201 characters', { idempotency_key: 'k'.repeat(201) }, '422 INVALID_REQUEST'],
      ['a time without end', { run_at: 'infinity' }, '422 INVALID_REQUEST'],
      ['a time before all times', { run_at: '-infinity' }, '422 INVALID_REQUEST'],
      ['too much input', { input: { text: 'x'.repeat(1_048_577) } }, '413 BODY_TOO_LARGE'],
      ['too many bytes of input', { input: { text: '€'.repeat(400_000) } }, '413 BODY_TOO_LARGE'],
    ])('refuses %s', async (_, args, expected) => {
      expect(await refusedAs(startAs(acme.users.runner, args))).toBe(expected);
    });
  });
});
