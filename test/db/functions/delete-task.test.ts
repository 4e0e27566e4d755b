import { beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { asAnonymous, asRole, asService, asUser } from '../../support/as-role.ts';
import {
  createReadyTask,
  createUser,
  createWorkspace,
  findRun,
  openRun,
  type ReadyTask,
  shareTask,
  startRun,
  type Workspace,
} from '../../support/build-rows.ts';
import { callRow, readValue } from '../../support/call.ts';
import { eventually } from '../../support/eventually.ts';
import { refusalOf, refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';

interface Task {
  readonly id: string;
  readonly slug: string;
  readonly deleted_at: Date | null;
}

const ROLES = ['owner', 'admin', 'editor'] as const;
const OTHERS = ['runner', 'viewer'] as const;

describe('delete_task and restore_task', () => {
  const db = useDatabase();
  let acme: Workspace;
  let count = 0;

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
  });

  const create = (slug = `task-${(count += 1)}`) => createReadyTask(db.owner, acme.id, { slug });
  const remove =
    (task: string, workspace: string | null = acme.id) =>
    (client: pg.ClientBase) =>
      callRow<Task>(client, 'durabase.delete_task', { task, workspace });
  const restore =
    (task: string, workspace: string | null = acme.id) =>
    (client: pg.ClientBase) =>
      callRow<Task>(client, 'durabase.restore_task', { task, workspace });
  const asEditor = <Result>(work: (client: pg.ClientBase) => Promise<Result>) => asUser(db.owner, acme.users.editor, work);
  const createDeleted = async (): Promise<ReadyTask> => {
    const task = await create();
    await asEditor(remove(task.slug));
    return task;
  };
  const auditOf = async (task: string): Promise<readonly string[]> =>
    (
      await db.owner.query<{ line: string }>(
        "select action || ' by ' || coalesce(actor_user_id::text, actor_name) as line from durabase.audit_log where entity_id = $1 order by n",
        [task],
      )
    ).rows.map(({ line }) => line);
  const isDeleted = (task: string) =>
    readValue<boolean>(db.owner, 'select deleted_at is not null from durabase.tasks where id = $1', [task]);

  describe.each([
    ['delete_task', remove, create, true],
    ['restore_task', restore, createDeleted, false],
  ] as const)('%s', (_name, operation, prepare, after) => {
    it.each(ROLES)('lets %ss', async (role) => {
      const task = await prepare();
      expect(await asUser(db.owner, acme.users[role], operation(task.slug))).toMatchObject({ id: task.id });
      expect(await isDeleted(task.id)).toBe(after);
    });

    it('lets services and the SQL of the owner', async () => {
      const [one, two] = [await prepare(), await prepare()];
      await asService(db.owner, operation(one.id));
      await callRow(db.owner, `durabase.${_name}`, { task: two.id });
      expect([await isDeleted(one.id), await isDeleted(two.id)]).toEqual([after, after]);
    });

    it.each(OTHERS)('refuses %ss', async (role) => {
      const task = await prepare();
      const before = await auditOf(task.id);
      expect(await refusedAs(asUser(db.owner, acme.users[role], operation(task.slug)))).toBe('403 FORBIDDEN');
      expect([await isDeleted(task.id), await auditOf(task.id)]).toEqual([!after, before]);
    });

    it('refuses somebody with whom the task is shared, even for editing', async () => {
      const [guest, task] = [await createUser(db.owner), await prepare()];
      await shareTask(db.owner, { taskId: task.id, userId: guest, canRun: true, canEdit: true });
      expect(await refusedAs(asUser(db.owner, guest, operation(task.slug)))).toBe('403 FORBIDDEN');
      expect(await isDeleted(task.id)).toBe(!after);
    });

    it('tells strangers of nothing', async () => {
      const [stranger, task] = [await createUser(db.owner), await prepare()];
      const refusal = await refusalOf(asUser(db.owner, stranger, operation(task.id)));
      expect(refusal).toMatchObject({ sqlstate: 'PT404', code: 'TASK_NOT_FOUND', path: 'task' });
      expect(refusal.message).toBe(`no task "${task.id}" is visible to you`);
      expect(await isDeleted(task.id)).toBe(!after);
    });

    it('refuses visitors, and tokens without a user', async () => {
      const task = await prepare();
      expect(await refusedAs(asAnonymous(db.owner, operation(task.slug)))).toBe('42501');
      expect(await refusedAs(asRole(db.owner, { role: 'authenticated', claims: {} }, operation(task.slug)))).toBe(
        '401 UNAUTHENTICATED',
      );
    });

    it('leaves one audit row, and is told to the feeds once', async () => {
      const task = await prepare();
      const before = (await auditOf(task.id)).length;
      await db.owner.query('delete from durabase_private.feed_inbox');
      await asEditor(operation(task.slug));
      expect((await auditOf(task.id)).slice(before)).toEqual([
        `${after ? 'task.deleted' : 'task.restored'} by ${acme.users.editor}`,
      ]);
      const { rows } = await db.owner.query('select kind, entity_id, state from durabase_private.feed_inbox');
      expect(rows).toEqual([{ kind: 'task', entity_id: task.id, state: after ? 'deleted' : 'live' }]);
    });
  });

  describe('a deleted task', () => {
    it('cannot be started, saved into or deleted, and says why to those who saw it', async () => {
      const task = await createDeleted();
      for (const reference of [task.slug, task.id]) {
        const start = await refusalOf(
          asUser(db.owner, acme.users.runner, (client) =>
            callRow(client, 'durabase.start_run', { task: reference, workspace: acme.id }),
          ),
        );
        expect([start.code, start.message]).toEqual(['TASK_NOT_FOUND', `the task "${task.slug}" was deleted`]);
      }
      expect((await refusalOf(asEditor(remove(task.slug)))).message).toBe(`the task "${task.slug}" was deleted`);
    });

    it('leaves its runs what they are: they go on, and end', async () => {
      const task = await create();
      const [open, queued] = [await startRun(db.owner, task), await startRun(db.owner, task)];
      await openRun(db.owner, open.id);
      await asEditor(remove(task.slug));
      expect((await findRun(db.owner, open.id)).state).toBe('running');
      await openRun(db.owner, queued.id);
      expect((await findRun(db.owner, queued.id)).state).toBe('running');
      expect(await readValue(db.owner, 'select durabase_private.load_plan($1) is not null', [task.versionId])).toBe(true);
    });

    it('leaves its slug to a new task', async () => {
      const gone = await createDeleted();
      const risen = await create(gone.slug);
      expect(risen.id).not.toBe(gone.id);
      const run = await startRun(db.owner, risen);
      expect(await readValue(db.owner, 'select task_id from durabase.task_runs where id = $1', [run.id])).toBe(risen.id);
    });

    it('is one that a save waited for', async () => {
      const task = await create();
      const client = await db.owner.connect();
      await client.query('begin');
      await callRow(client, 'durabase.delete_task', { task: task.id });
      const saved = callRow<{ task_id: string; number: number }>(db.owner, 'durabase.save_task', {
        definition: { slug: task.slug },
        workspace: acme.id,
      });
      await client.query('commit');
      client.release();
      expect(await saved).toMatchObject({ number: 1 });
      expect((await saved).task_id).not.toBe(task.id);
    });
  });

  describe('a restored task', () => {
    it('can be started at once, with the version that was ready', async () => {
      const task = await createDeleted();
      await asEditor(restore(task.slug));
      const run = await startRun(db.owner, task);
      expect(await readValue(db.owner, 'select version_id from durabase.task_runs where id = $1', [run.id])).toBe(task.versionId);
    });

    it('is of several with one slug the one that was deleted last', async () => {
      const first = await createDeleted();
      const second = await create(first.slug);
      await asEditor(remove(second.id));
      expect((await asEditor(restore(first.slug))).id).toBe(second.id);
    });

    it('does not push aside another one that has its slug by now', async () => {
      const gone = await createDeleted();
      await create(gone.slug);
      const refusal = await refusalOf(asEditor(restore(gone.slug)));
      expect(refusal).toMatchObject({ sqlstate: 'PT409', code: 'SLUG_TAKEN', path: 'task' });
      expect(await isDeleted(gone.id)).toBe(true);
    });

    it('waits for somebody who is saving another one of its slug', async () => {
      const gone = await createDeleted();
      const client = await db.owner.connect();
      await client.query('begin');
      await callRow(client, 'durabase.save_task', { definition: { slug: gone.slug }, workspace: acme.id });
      const refused = refusedAs(asEditor(restore(gone.slug)));
      await eventually(async () =>
        expect(
          await readValue(
            db.owner,
            "select count(*)::int from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())",
          ),
        ).toBe(1),
      );
      await client.query('commit');
      client.release();
      expect(await refused).toBe('409 SLUG_TAKEN');
    });

    it('stays as it is when it was not deleted', async () => {
      const task = await create();
      const before = await auditOf(task.id);
      expect((await asEditor(restore(task.slug))).id).toBe(task.id);
      expect(await auditOf(task.id)).toEqual(before);
    });

    it('is one, however many restore it at once', async () => {
      const task = await createDeleted();
      const answers = await Promise.all(Array.from({ length: 8 }, () => asEditor(restore(task.id))));
      expect(answers.map(({ id, deleted_at }) => [id, deleted_at])).toEqual(answers.map(() => [task.id, null]));
      expect((await auditOf(task.id)).filter((line) => line.startsWith('task.restored'))).toHaveLength(1);
    });

    it('is named by its workspace where several have deleted one', async () => {
      const other = await createWorkspace(db.owner, 'Other');
      const gone = await createDeleted();
      const twin = await createReadyTask(db.owner, other.id, { slug: gone.slug });
      await callRow(db.owner, 'durabase.delete_task', { task: twin.id });
      expect(await refusedAs(asService(db.owner, restore(gone.slug, null)))).toBe('422 WORKSPACE_AMBIGUOUS');
      expect((await asService(db.owner, restore(gone.slug, other.id))).id).toBe(twin.id);
    });
  });

  it('shows the deletion to those who follow the table', async () => {
    const task = await createDeleted();
    const { rows } = await asUser(db.owner, acme.users.viewer, (client) =>
      client.query('select slug, deleted_at from durabase.tasks where id = $1', [task.id]),
    );
    expect(rows).toEqual([{ slug: task.slug, deleted_at: expect.any(Date) }]);
  });
});
