import { beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { asAnonymous, asRole, asService, asUser } from '../../support/as-role.ts';
import { addMember, createReadyTask, createUser, createWorkspace, shareTask, type Workspace } from '../../support/build-rows.ts';
import { callRow, readValue } from '../../support/call.ts';
import { refusalOf, refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';

interface Version {
  readonly id: string;
  readonly task_id: string;
  readonly workspace_id: string;
  readonly number: number;
  readonly state: string;
  readonly created_by: string | null;
}

describe('save_task', () => {
  const db = useDatabase();
  let acme: Workspace;

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
  });

  const save =
    (definition: unknown, workspace: string | null = acme.id) =>
    (client: pg.ClientBase) =>
      callRow<Version>(client, 'durabase.save_task', { definition, workspace });
  const saveAs = (userId: string, definition: unknown, workspace: string | null = acme.id) =>
    asUser(db.owner, userId, save(definition, workspace));

  it('saves a draft that is not ready to run', async () => {
    const version = await saveAs(acme.users.editor, { slug: 'first', name: 'First' });
    expect(version).toMatchObject({ number: 1, state: 'draft', workspace_id: acme.id, created_by: acme.users.editor });
    const { rows } = await db.owner.query('select name, latest_version_id, ready_version_id from durabase.tasks where id = $1', [
      version.task_id,
    ]);
    expect(rows).toEqual([{ name: 'First', latest_version_id: version.id, ready_version_id: null }]);
  });

  it('adds a version when the slug is known', async () => {
    const first = await saveAs(acme.users.editor, { slug: 'again' });
    const second = await saveAs(acme.users.admin, { slug: 'again' });
    expect(second).toMatchObject({ number: 2, task_id: first.task_id });
  });

  it('numbers versions without a gap when many save a new task at once', async () => {
    const writers = Array.from({ length: 12 }, (_, index) => index + 1);
    await Promise.all(writers.map(() => db.owner.query('select pg_sleep(0.1)'))); // so that all are connected already
    for (const slug of ['crowded-1', 'crowded-2', 'crowded-3']) {
      const saved = await Promise.all(writers.map(() => saveAs(acme.users.editor, { slug })));
      expect(saved.map(({ number }) => number).toSorted((a, b) => a - b)).toEqual(writers);
      expect(new Set(saved.map((version) => version.task_id)).size).toBe(1);
    }
  });

  it('uses the slug of a deleted task for a new one', async () => {
    const gone = await saveAs(acme.users.editor, { slug: 'phoenix' });
    await db.owner.query('update durabase.tasks set deleted_at = now() where id = $1', [gone.task_id]);
    const risen = await saveAs(acme.users.editor, { slug: 'phoenix' });
    expect(risen).toMatchObject({ number: 1 });
    expect(risen.task_id).not.toBe(gone.task_id);
  });

  it.each(['owner', 'admin', 'editor'] as const)('lets %ss write', async (role) => {
    await expect(saveAs(acme.users[role], { slug: `by-${role}` })).resolves.toMatchObject({ state: 'draft' });
  });

  it.each(['runner', 'viewer'] as const)('refuses %ss', async (role) => {
    expect(await refusedAs(saveAs(acme.users[role], { slug: 'nope' }))).toBe('403 FORBIDDEN');
  });

  it('does not tell strangers that the workspace exists', async () => {
    expect(await refusedAs(saveAs(await createUser(db.owner), { slug: 'nope' }))).toBe('404 WORKSPACE_NOT_FOUND');
  });

  it('lets somebody with whom one task is shared for editing write that one only', async () => {
    const guest = await createUser(db.owner);
    const task = await createReadyTask(db.owner, acme.id, { slug: 'shared-for-editing' });
    await shareTask(db.owner, { taskId: task.id, userId: guest, canEdit: true });
    await expect(saveAs(guest, { slug: 'shared-for-editing' })).resolves.toMatchObject({ number: 2 });
    expect(await refusedAs(saveAs(guest, { slug: 'of-my-own' }))).toBe('403 FORBIDDEN');
  });

  it('refuses a deleted workspace', async () => {
    const gone = await createWorkspace(db.owner);
    await db.owner.query('update durabase.workspaces set deleted_at = now() where id = $1', [gone.id]);
    expect(await refusedAs(saveAs(gone.users.owner, { slug: 'late' }, gone.id))).toBe('404 WORKSPACE_NOT_FOUND');
  });

  it('refuses visitors and sessions that only claim to be somebody', async () => {
    expect(await refusedAs(asAnonymous(db.owner, save({ slug: 'nope' })))).toBe('42501');
    expect(await refusedAs(asRole(db.owner, { role: 'authenticated', claims: {} }, save({ slug: 'nope' })))).toBe(
      '401 UNAUTHENTICATED',
    );
  });

  it('takes the personal workspace when none is named', async () => {
    const userId = await createUser(db.owner);
    await addMember(db.owner, { workspaceId: acme.id, role: 'editor', userId });
    const version = await saveAs(userId, { slug: 'mine' }, null);
    const personal = await readValue(db.owner, 'select id from durabase.workspaces where personal_user_id = $1', [userId]);
    expect(version.workspace_id).toBe(personal);
  });

  it('asks for the workspace when there are several and none is personal', async () => {
    expect(await refusedAs(asService(db.owner, save({ slug: 'whose' }, null)))).toBe('422 WORKSPACE_AMBIGUOUS');
  });

  it.each([
    ['a missing slug', { name: 'x' }, 'slug'],
    ['capital letters in the slug', { slug: 'Greet' }, 'slug'],
    ['a hyphen at the end', { slug: 'greet-' }, 'slug'],
    ['a slug of 64 characters', { slug: 'a'.repeat(64) }, 'slug'],
    ['a slug with a line break', { slug: 'greet\n' }, 'slug'],
    ['a list', ['slug'], 'definition'],
    ['an empty name', { slug: 'ok', name: '' }, 'name'],
    ['a long description', { slug: 'ok', description: 'x'.repeat(4001) }, 'name'],
  ])('refuses %s', async (_, definition, path) => {
    // JSON text: a list would travel as an array of SQL
    const refusal = await refusalOf(saveAs(acme.users.editor, JSON.stringify(definition)));
    expect(refusal).toMatchObject({ sqlstate: 'PT422', code: 'INVALID_TASK', path });
  });

  it.each([
    ['characters', 'x'.repeat(1_048_577)],
    ['bytes', '€'.repeat(400_000)],
  ])('refuses more than a megabyte, counted in %s', async (_, text) => {
    expect(await refusedAs(saveAs(acme.users.editor, { slug: 'big', text }))).toBe('413 BODY_TOO_LARGE');
  });

  it('writes one audit row with the actor of the claims', async () => {
    const version = await saveAs(acme.users.editor, { slug: 'audited' });
    const { rows } = await db.owner.query(
      'select actor_kind, actor_user_id, action, details from durabase.audit_log where entity_id = $1',
      [version.task_id],
    );
    expect(rows).toEqual([
      { actor_kind: 'user', actor_user_id: acme.users.editor, action: 'task.saved', details: { slug: 'audited', version: 1 } },
    ]);
  });

  it('does not wait for an open transaction that has started a run of the task', async () => {
    const task = await createReadyTask(db.owner, acme.id, { slug: 'busy' });
    await asUser(db.owner, acme.users.runner, async (client) => {
      await callRow(client, 'durabase.start_run', { task: task.slug, workspace: acme.id });
      await expect(
        asUser(db.owner, acme.users.editor, async (other) => {
          await other.query("set local lock_timeout = '2s'");
          return save({ slug: 'busy' })(other);
        }),
      ).resolves.toMatchObject({ number: 2 });
    });
  });
});
