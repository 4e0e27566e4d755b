import { beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { asService, asUser } from '../../support/as-role.ts';
import { createWorkspace, type Workspace } from '../../support/build-rows.ts';
import { callRow, callRows, readValue } from '../../support/call.ts';
import { refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';

const PLAN = { mode: 'async', priority: 3, steps: [] };

interface Version {
  readonly id: string;
  readonly task_id: string;
  readonly state: string;
  readonly needs_check: boolean;
}

describe('publish_version', () => {
  const db = useDatabase();
  let acme: Workspace;

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
  });

  const save = (slug: string) => callRow<Version>(db.owner, 'durabase.save_task', { definition: { slug }, workspace: acme.id });
  const publish = (version: string, plan: unknown, problems: unknown = null) =>
    callRow<Version>(db.engine, 'durabase_private.publish_version', { p_version: version, p_plan: plan, p_problems: problems });
  const readyVersion = (task: string) =>
    readValue<string | null>(db.owner, 'select ready_version_id from durabase.tasks where id = $1', [task]);

  it('makes a draft ready with its plan', async () => {
    const draft = await save('plain');
    const ready = await publish(draft.id, { ...PLAN, priority: 2, ttlMs: 1500 });
    expect(ready).toMatchObject({ state: 'ready', mode: 'async', priority: 2, problems: null });
    expect(await readyVersion(draft.task_id)).toBe(draft.id);
    expect(
      await readValue(db.owner, 'select extract(epoch from ttl)::float from durabase.task_versions where id = $1', [draft.id]),
    ).toBe(1.5);
  });

  it('makes a draft invalid with its problems and leaves the ready version alone', async () => {
    const good = await save('breaks');
    await publish(good.id, PLAN);
    const bad = await save('breaks');
    expect(await publish(bad.id, null, [{ message: 'no such action' }])).toMatchObject({ state: 'invalid', plan: null });
    expect(await readyVersion(good.task_id)).toBe(good.id);
  });

  it('keeps the first result when published twice', async () => {
    const draft = await save('twice');
    await publish(draft.id, PLAN);
    expect(await publish(draft.id, null, [{ message: 'too late' }])).toMatchObject({ state: 'ready' });
  });

  it('leaves one audit row for each verdict, and none where there was one already', async () => {
    const good = await save('audited');
    await publish(good.id, PLAN);
    await publish(good.id, PLAN);
    const bad = await save('audited');
    await publish(bad.id, null, [{ message: 'no such action' }]);
    const { rows } = await db.owner.query(
      "select action, actor_kind, actor_name, details from durabase.audit_log where entity_id = $1 and action <> 'task.saved' order by n",
      [good.task_id],
    );
    const actor = { actor_kind: 'sql_role', actor_name: 'durabase_engine' };
    expect(rows).toEqual([
      { action: 'task.published', ...actor, details: { version: 1 } },
      { action: 'task.refused', ...actor, details: { version: 2 } },
    ]);
  });

  it('does not go back to an older version that is published later', async () => {
    const older = await save('late');
    const newer = await save('late');
    await publish(newer.id, PLAN);
    await publish(older.id, PLAN);
    expect(await readyVersion(newer.task_id)).toBe(newer.id);
  });

  it.each([
    [{}, false],
    [{ inputSchema: { type: 'object' } }, true],
    [{ concurrency: { key: 'input.a', limit: 1 } }, true],
  ])('works out whether runs of %j need a check', async (part, expected) => {
    const draft = await save('checked');
    expect((await publish(draft.id, { ...PLAN, ...part })).needs_check).toBe(expected);
  });

  it('lists drafts that nobody has compiled, oldest first', async () => {
    const before = await save('listed-a');
    const after = await save('listed-b');
    const listed = await callRows<{ version_id: string }>(db.engine, 'durabase_private.list_drafts', { p_limit: 1000 });
    expect(listed.map((row) => row.version_id).filter((id) => [before.id, after.id].includes(id))).toEqual([before.id, after.id]);
    await publish(before.id, PLAN);
    const left = await callRows<{ version_id: string }>(db.engine, 'durabase_private.list_drafts', { p_limit: 1000 });
    expect(left.map((row) => row.version_id)).not.toContain(before.id);
  });

  it('is not for users, nor for services', async () => {
    const draft = await save('forged');
    const args = { p_version: draft.id, p_plan: PLAN, p_problems: null };
    const publishIn = (client: pg.ClientBase) => callRow(client, 'durabase_private.publish_version', args);
    expect(await refusedAs(asUser(db.owner, acme.users.owner, publishIn))).toBe('42501');
    expect(await refusedAs(asService(db.owner, publishIn))).toBe('42501');
  });
});
