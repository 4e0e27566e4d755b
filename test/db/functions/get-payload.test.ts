import { beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { asAnonymous, asService, asUser } from '../../support/as-role.ts';
import {
  createReadyTask,
  createUser,
  createWorkspace,
  executionOf,
  openRun,
  shareTask,
  type ReadyTask,
  type Run,
  type Workspace,
} from '../../support/build-rows.ts';
import { callRow, callValue } from '../../support/call.ts';
import { refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';

const BODY = { rows: [1, 2, 3] };

describe('get_payload', () => {
  const db = useDatabase();
  let acme: Workspace;
  let task: ReadyTask;

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
    task = await createReadyTask(db.owner, acme.id);
  });

  const get = (payload: string) => (client: pg.ClientBase) => callValue(client, 'durabase.get_payload', { payload });
  const storeAs = async (userId: string, of = task): Promise<string> => {
    const run = await asUser(db.owner, userId, (client) => callRow<Run>(client, 'durabase.start_run', { task: of.id }));
    await openRun(db.owner, run.id);
    const [outcome] = await callValue<{ outputRef: { payload: string } }[]>(db.engine, 'durabase_private.finish_runs', {
      p_items: [{ ...executionOf(run.id), state: 'completed', payload: { sha256: 's', bytes: 20, body: BODY, preview: '{' } }],
    });
    return outcome?.outputRef.payload ?? '';
  };

  it.each(['owner', 'admin', 'editor', 'viewer'] as const)('gives a stored value to %ss', async (role) => {
    expect(await asUser(db.owner, acme.users[role], get(await storeAs(acme.users.runner)))).toEqual(BODY);
  });

  it('gives runners the values of their own runs only', async () => {
    expect(await asUser(db.owner, acme.users.runner, get(await storeAs(acme.users.runner)))).toEqual(BODY);
    expect(await refusedAs(asUser(db.owner, acme.users.runner, get(await storeAs(acme.users.editor))))).toBe(
      '404 PAYLOAD_NOT_FOUND',
    );
  });

  it('gives it to those with whom the task is shared, and no longer when it is not', async () => {
    const guest = await createUser(db.owner);
    await shareTask(db.owner, { taskId: task.id, userId: guest });
    const payload = await storeAs(acme.users.runner);
    expect(await asUser(db.owner, guest, get(payload))).toEqual(BODY);
    await db.owner.query('delete from durabase.task_permissions where user_id = $1', [guest]);
    expect(await refusedAs(asUser(db.owner, guest, get(payload)))).toBe('404 PAYLOAD_NOT_FOUND');
  });

  it('refuses strangers, removed members and visitors, and what is not there alike', async () => {
    const payload = await storeAs(acme.users.runner);
    const stranger = await createUser(db.owner);
    expect(await refusedAs(asUser(db.owner, stranger, get(payload)))).toBe('404 PAYLOAD_NOT_FOUND');
    expect(await refusedAs(asUser(db.owner, stranger, get('01890000-0000-7000-8000-000000000000')))).toBe(
      '404 PAYLOAD_NOT_FOUND',
    );
    expect(await refusedAs(asAnonymous(db.owner, get(payload)))).toBe('42501');
    const removed = await createWorkspace(db.owner);
    const its = await createReadyTask(db.owner, removed.id);
    const own = await storeAs(removed.users.runner, its);
    await db.owner.query('delete from durabase.workspace_members where user_id = $1', [removed.users.runner]);
    expect(await refusedAs(asUser(db.owner, removed.users.runner, get(own)))).toBe('404 PAYLOAD_NOT_FOUND');
  });

  it('refuses everybody but services once the workspace is deleted', async () => {
    const gone = await createWorkspace(db.owner);
    const its = await createReadyTask(db.owner, gone.id);
    const payload = await storeAs(gone.users.editor, its);
    const guest = await createUser(db.owner);
    await shareTask(db.owner, { taskId: its.id, userId: guest });
    await db.owner.query('update durabase.workspaces set deleted_at = now() where id = $1', [gone.id]);
    expect(await refusedAs(asUser(db.owner, gone.users.owner, get(payload)))).toBe('404 PAYLOAD_NOT_FOUND');
    expect(await refusedAs(asUser(db.owner, gone.users.editor, get(payload)))).toBe('404 PAYLOAD_NOT_FOUND');
    expect(await refusedAs(asUser(db.owner, guest, get(payload)))).toBe('404 PAYLOAD_NOT_FOUND');
    expect(await asService(db.owner, get(payload))).toEqual(BODY);
  });
});
