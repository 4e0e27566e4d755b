import { beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { asAnonymous, asService, asUser } from '../../support/as-role.ts';
import { createUser, createWorkspace, shareTask, type Workspace } from '../../support/build-rows.ts';
import { callRow, readValue } from '../../support/call.ts';
import { refusalOf, refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';

interface Version {
  readonly id: string;
  readonly task_id: string;
  readonly number: number;
  readonly state: string;
  readonly definition: unknown;
  readonly created_by: string | null;
}

describe('restore_version', () => {
  const db = useDatabase();
  let acme: Workspace;
  let count = 0;

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
  });

  const restore = (task: string, version: number | null) => (client: pg.ClientBase) =>
    callRow<Version>(client, 'durabase.restore_version', { task, version, workspace: acme.id });
  /** A task with two versions. */
  const create = async (): Promise<{ readonly slug: string; readonly id: string }> => {
    const slug = `task-${(count += 1)}`;
    const save = (name: string) =>
      callRow<Version>(db.owner, 'durabase.save_task', { definition: { slug, name }, workspace: acme.id });
    await save('One');
    return { slug, id: (await save('Two')).task_id };
  };

  it('saves an older version anew, and rewrites nothing', async () => {
    const task = await create();
    const restored = await asUser(db.owner, acme.users.editor, restore(task.slug, 1));
    expect(restored).toMatchObject({ number: 3, state: 'draft', created_by: acme.users.editor });
    expect(restored.definition).toEqual({ slug: task.slug, name: 'One' });
    const { rows } = await db.owner.query(
      "select v.number, v.definition ->> 'name' as name from durabase.task_versions v where task_id = $1 order by 1",
      [task.id],
    );
    expect(rows).toEqual([
      { number: 1, name: 'One' },
      { number: 2, name: 'Two' },
      { number: 3, name: 'One' },
    ]);
    expect(await readValue(db.owner, 'select name from durabase.tasks where id = $1', [task.id])).toBe('One');
  });

  it('leaves one audit row that names the old version', async () => {
    const task = await create();
    await asUser(db.owner, acme.users.editor, restore(task.slug, 1));
    const { rows } = await db.owner.query(
      'select action, actor_user_id, details from durabase.audit_log where entity_id = $1 order by n offset 2',
      [task.id],
    );
    expect(rows).toEqual([
      {
        action: 'task.saved',
        actor_user_id: acme.users.editor,
        details: { slug: task.slug, version: 3, restoredFrom: 1 },
      },
    ]);
  });

  it.each(['owner', 'admin', 'editor'] as const)('lets %ss', async (role) => {
    const task = await create();
    expect((await asUser(db.owner, acme.users[role], restore(task.slug, 1))).number).toBe(3);
  });

  it('lets services, and somebody with whom the task is shared for editing', async () => {
    const [guest, task] = [await createUser(db.owner), await create()];
    await shareTask(db.owner, { taskId: task.id, userId: guest, canEdit: true });
    expect((await asUser(db.owner, guest, restore(task.slug, 1))).number).toBe(3);
    expect((await asService(db.owner, restore(task.slug, 2))).number).toBe(4);
  });

  it.each(['runner', 'viewer'] as const)('refuses %ss', async (role) => {
    const task = await create();
    expect(await refusedAs(asUser(db.owner, acme.users[role], restore(task.slug, 1)))).toBe('403 FORBIDDEN');
  });

  it('refuses strangers and visitors', async () => {
    const task = await create();
    expect(await refusedAs(asUser(db.owner, await createUser(db.owner), restore(task.slug, 1)))).toBe('404 TASK_NOT_FOUND');
    expect(await refusedAs(asAnonymous(db.owner, restore(task.slug, 1)))).toBe('42501');
  });

  it.each([3, 0, -1, null])('says which versions there are when there is no %p', async (version) => {
    const task = await create();
    const refusal = await refusalOf(asUser(db.owner, acme.users.editor, restore(task.slug, version)));
    expect(refusal).toMatchObject({ sqlstate: 'PT404', code: 'VERSION_NOT_FOUND', path: 'version' });
  });

  it('refuses a deleted task', async () => {
    const task = await create();
    await callRow(db.owner, 'durabase.delete_task', { task: task.id });
    expect((await refusalOf(asUser(db.owner, acme.users.editor, restore(task.id, 1)))).message).toBe(
      `the task "${task.slug}" was deleted`,
    );
  });
});
