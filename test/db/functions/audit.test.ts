import { beforeAll, describe, expect, it } from '@jest/globals';
import { asService, asUser } from '../../support/as-role.ts';
import { createReadyTask, createWorkspace, startRun, type Workspace } from '../../support/build-rows.ts';
import { callRow, readValue } from '../../support/call.ts';
import { refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';

describe('audit_log', () => {
  const db = useDatabase();
  let acme: Workspace;

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
    await startRun(db.owner, await createReadyTask(db.owner, acme.id));
  });

  const count = () => readValue<number>(db.owner, 'select count(*)::int from durabase.audit_log');

  it.each([
    ['an update', "update durabase.audit_log set actor_name = 'nobody'"],
    ['a deletion', 'delete from durabase.audit_log'],
    ['a truncation', 'truncate durabase.audit_log'],
    ['a truncation that cascades', 'truncate durabase.audit_log, durabase.workspaces cascade'],
    ['a merge', 'merge into durabase.audit_log a using durabase.audit_log b on a.n = b.n when matched then delete'],
  ])('refuses %s, of its owner too', async (_, sql) => {
    const before = await count();
    expect(before).toBeGreaterThan(0);
    expect(await refusedAs(db.owner.query(sql))).toBe('403 FORBIDDEN');
    expect(await count()).toBe(before);
  });

  it.each([
    'update durabase.audit_log set n = default',
    'delete from durabase.audit_log',
    'truncate durabase.audit_log',
    "insert into durabase.audit_log (actor_kind, actor_name, action, entity, entity_id) values ('user', 'a', 'b', 'c', 'd')",
  ])('grants neither users nor services: %s', async (sql) => {
    expect(await refusedAs(asUser(db.owner, acme.users.owner, (client) => client.query(sql)))).toBe('42501');
    expect(await refusedAs(asService(db.owner, (client) => client.query(sql)))).toBe('42501');
  });

  it('outlives the workspace of which it tells', async () => {
    const gone = await createWorkspace(db.owner);
    await createReadyTask(db.owner, gone.id);
    await db.owner.query('delete from durabase.workspaces where id = $1', [gone.id]);
    expect(await readValue(db.owner, 'select count(*)::int from durabase.audit_log where workspace_id = $1', [gone.id])).toBe(2);
  });

  it('gets exactly one row of each call that changes something, and none of a refused one', async () => {
    const run = (args: object) =>
      asUser(db.owner, acme.users.owner, (client) =>
        callRow<{ id: string }>(client, 'durabase.start_run', { task: 'greet', workspace: acme.id, ...args }),
      );
    const before = await count();
    await asUser(db.owner, acme.users.owner, (client) =>
      callRow(client, 'durabase.save_task', { definition: { slug: 'greet' }, workspace: acme.id }),
    );
    expect(await count()).toBe(before + 1);
    const { id } = await run({ idempotency_key: 'k' });
    expect(await count()).toBe(before + 2);
    await run({ idempotency_key: 'k' });
    expect(await count()).toBe(before + 2);
    await expect(run({ priority: 9 })).rejects.toThrow('the priority must be 1 to 5');
    expect(await count()).toBe(before + 2);
    await asUser(db.owner, acme.users.owner, (client) => callRow(client, 'durabase.cancel_run', { run: id }));
    expect(await count()).toBe(before + 3);
  });
});
