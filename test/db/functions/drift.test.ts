import { beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { asAnonymous, asService, asUser } from '../../support/as-role.ts';
import {
  createReadyTask,
  createRunIn,
  createUser,
  createWorkspace,
  executionOf,
  type Workspace,
} from '../../support/build-rows.ts';
import { callRows, callValue } from '../../support/call.ts';
import { refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';

interface Line {
  readonly id: string;
  readonly workspace_id: string | null;
  readonly kind: string;
}

describe('drift', () => {
  const db = useDatabase();
  let acme: Workspace;
  let other: Workspace;

  beforeAll(async () => {
    [acme, other] = [await createWorkspace(db.owner), await createWorkspace(db.owner, 'Other')];
    for (const workspace of [acme, other]) {
      const task = await createReadyTask(db.owner, workspace.id);
      for (const status of ['TERMINATED', 'FAILED']) {
        const { id } = await createRunIn(db.owner, task, 'running');
        await callValue(db.engine, 'durabase_private.reconcile', { p_items: [{ ...executionOf(id), status }] });
      }
    }
    await callValue(db.engine, 'durabase_private.adopt_execution', {
      p_item: { runId: acme.id, workflowId: 'stray', temporalRunId: 'x', status: 'RUNNING' },
    });
  });

  const read =
    (args: object = {}) =>
    (client: pg.ClientBase) =>
      callRows<Line>(client, 'durabase.drift', args as Record<string, unknown>);

  it.each(['owner', 'admin'] as const)('shows %ss the lines of their workspace, newest first', async (role) => {
    const lines = await asUser(db.owner, acme.users[role], read());
    expect(lines.map(({ workspace_id, kind }) => [workspace_id, kind])).toEqual([
      [acme.id, 'failed'],
      [acme.id, 'terminated'],
    ]);
  });

  it.each(['editor', 'runner', 'viewer'] as const)('shows %ss nothing', async (role) => {
    expect(await asUser(db.owner, acme.users[role], read())).toEqual([]);
  });

  it('shows strangers nothing and refuses visitors', async () => {
    expect(await asUser(db.owner, await createUser(db.owner), read())).toEqual([]);
    expect(await refusedAs(asAnonymous(db.owner, read()))).toBe('42501');
  });

  it('shows services and instance admins all, strays included', async () => {
    const admin = await createUser(db.owner);
    await db.owner.query('insert into durabase.instance_admins (user_id) values ($1)', [admin]);
    expect(await asService(db.owner, read())).toHaveLength(5);
    expect(await asUser(db.owner, admin, read())).toHaveLength(5);
  });

  it('gives pages', async () => {
    const all = await asService(db.owner, read());
    const rest = await asService(db.owner, read({ before: all[1]?.id, page_limit: 2 }));
    expect(rest).toEqual(all.slice(2, 4));
  });
});
