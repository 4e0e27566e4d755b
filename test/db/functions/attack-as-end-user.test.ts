import { beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { asUser } from '../../support/as-role.ts';
import {
  createReadyTask,
  createUser,
  createWorkspace,
  openRun,
  type ReadyTask,
  type Run,
  type Workspace,
} from '../../support/build-rows.ts';
import { type Args, callRow, callRows, readValue } from '../../support/call.ts';
import { refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';

describe('somebody who may only run what was published', () => {
  const db = useDatabase();
  let acme: Workspace;
  let open: ReadyTask;
  let closed: ReadyTask;
  let ann: string;
  let bob: string;

  const call = <Row extends pg.QueryResultRow>(userId: string, name: string, args: Args = {}): Promise<Row[]> =>
    asUser(db.owner, userId, (client) => callRows<Row>(client, `durabase.${name}`, args));
  const start = (userId: string): Promise<Run> =>
    asUser(db.owner, userId, (client) => callRow<Run>(client, 'durabase.start_run', { task: open.id }));
  const countAs = async (userId: string, table: string): Promise<number> =>
    asUser(db.owner, userId, async (client) => (await client.query(`select from durabase.${table}`)).rowCount ?? -1);

  /** What somebody who may only run hears of each function of the schema: a new function stands here, or the test fails. */
  const ATTACKS: Readonly<Record<string, readonly [args: () => Args | Promise<Args>, answer: string]>> = {
    accept_invitation: [() => ({ token: 'dbi_x' }), '404 INVITATION_NOT_FOUND'],
    cancel_run: [() => ({ run: other.id }), '404 RUN_NOT_FOUND'],
    changes_since: [() => ({ feed: `workspace:${acme.id}` }), '404 FEED_NOT_FOUND'],
    complete_step: [() => ({ run: own.id, step: 'hello' }), '404 RUN_NOT_FOUND'],
    count_runs: [() => ({ task: closed.id }), 'zeros'],
    create_api_key: [() => ({ name: 'x', scopes: ['runs:read'], workspace: acme.id }), '404 WORKSPACE_NOT_FOUND'],
    create_workspace: [() => ({ name: 'x' }), '403 FORBIDDEN'],
    delete_task: [() => ({ task: open.id }), '404 TASK_NOT_FOUND'],
    delete_workspace: [() => ({ workspace: acme.id }), '404 WORKSPACE_NOT_FOUND'],
    drift: [() => ({}), 'nothing'],
    emit_event: [() => ({ name: 'x', workspace: acme.id }), '404 WORKSPACE_NOT_FOUND'],
    end_step_by_token: [() => ({ token: 'dbt_x' }), '404 STEP_NOT_FOUND'],
    events_since: [() => ({ run: other.id }), 'nothing'],
    explain_run: [() => ({ run: own.id }), '404 RUN_NOT_FOUND'],
    fail_step: [() => ({ run: own.id, step: 'hello', message: 'x' }), '404 RUN_NOT_FOUND'],
    feeds: [() => ({ workspace: crypto.randomUUID() }), 'nothing'],
    for_runs: [() => ({ operation: 'pause', filter: { runIds: [own.id, other.id] } }), 'refused each'],
    fork_run: [() => ({ run: own.id, from_step: 'hello' }), '404 RUN_NOT_FOUND'],
    get_payload: [() => ({ payload: crypto.randomUUID() }), '404 PAYLOAD_NOT_FOUND'],
    invite_member: [() => ({ workspace: acme.id, email: 'a@example.test', role: 'owner' }), '404 WORKSPACE_NOT_FOUND'],
    leave_workspace: [() => ({ workspace: acme.id }), '404 WORKSPACE_NOT_FOUND'],
    list_links: [() => ({ run: other.id }), '404 RUN_NOT_FOUND'],
    list_members: [() => ({ workspace: acme.id }), '404 WORKSPACE_NOT_FOUND'],
    list_runs: [() => ({ task: closed.id }), 'nothing'],
    list_shares: [() => ({ task: open.id }), '404 TASK_NOT_FOUND'],
    loop_progress: [() => ({ run: own.id }), 'nothing'],
    me: [() => ({}), 'fine'],
    pause_run: [() => ({ run: own.id }), '404 RUN_NOT_FOUND'],
    prepare_upload: [
      () => ({ file_name: 'a.txt', content_type: 'text/plain', bytes: 1, workspace: acme.id }),
      '404 WORKSPACE_NOT_FOUND',
    ],
    publish_task: [() => ({ task: closed.id }), '404 TASK_NOT_FOUND'],
    published_tasks: [() => ({ task: closed.slug }), 'nothing'],
    remove_member: [() => ({ workspace: acme.id, user_id: acme.users.owner }), '404 WORKSPACE_NOT_FOUND'],
    rename_workspace: [() => ({ workspace: acme.id, name: 'x' }), '404 WORKSPACE_NOT_FOUND'],
    rerun: [() => ({ run: own.id }), '404 RUN_NOT_FOUND'],
    restore_task: [() => ({ task: open.id }), '404 TASK_NOT_FOUND'],
    restore_version: [() => ({ task: open.id, version: 1 }), '404 TASK_NOT_FOUND'],
    resume_run: [() => ({ run: own.id }), '404 RUN_NOT_FOUND'],
    retry_run: [() => ({ run: own.id }), '404 RUN_NOT_FOUND'],
    revoke_api_key: [() => ({ api_key: crypto.randomUUID() }), '404 API_KEY_NOT_FOUND'],
    revoke_invitation: [() => ({ invitation: crypto.randomUUID() }), '404 INVITATION_NOT_FOUND'],
    run_feed: [() => ({ run: other.id }), '404 RUN_NOT_FOUND'],
    run_progress: [() => ({ run: other.id }), '404 RUN_NOT_FOUND'],
    save_task: [() => ({ definition: { slug: open.slug }, workspace: acme.id }), '404 WORKSPACE_NOT_FOUND'],
    search_runs: [() => ({ q: other.id }), 'nothing'],
    search_tasks: [() => ({ q: open.slug }), 'nothing'],
    set_member_role: [() => ({ workspace: acme.id, user_id: ann, role: 'owner' }), '404 WORKSPACE_NOT_FOUND'],
    share_task: [() => ({ task: open.id, user_id: ann, can_edit: true }), '404 TASK_NOT_FOUND'],
    start_run: [() => ({ task: open.id, priority: 1 }), '403 FORBIDDEN'],
    step_token: [() => ({ run: own.id, step: 'hello' }), '404 RUN_NOT_FOUND'],
    transfer_ownership: [() => ({ workspace: acme.id, user_id: ann }), '404 WORKSPACE_NOT_FOUND'],
    unpublish_task: [() => ({ task: open.id }), '404 TASK_NOT_FOUND'],
    unshare_task: [() => ({ task: open.id, user_id: bob }), '404 TASK_NOT_FOUND'],
    update_instance_settings: [() => ({ settings: { sign_up: 'personal_workspace' } }), '403 FORBIDDEN'],
    verify_audit: [() => ({ workspace: acme.id }), '404 WORKSPACE_NOT_FOUND'],
  };
  let own: Run;
  let other: Run;

  describe('can do nothing else', () => {
    beforeAll(async () => {
      await db.owner.query("update durabase.instance_settings set sign_up = 'run_only'");
      acme = await createWorkspace(db.owner);
      open = await createReadyTask(db.owner, acme.id, { slug: 'open' });
      closed = await createReadyTask(db.owner, acme.id, { slug: 'closed' });
      await callRow(db.owner, 'durabase.publish_task', { task: open.id });
      [ann, bob] = [await createUser(db.owner), await createUser(db.owner)];
      [own, other] = [await start(ann), await start(bob)];
      await openRun(db.owner, own.id);
    });

    it.each(Object.entries(ATTACKS))('%s', async (name, [argsOf, expected]) => {
      const before = await readValue(db.owner, 'select count(*)::int from durabase.audit_log');
      const answer = await call(ann, name, await argsOf()).then(
        (rows) => rows,
        (error: unknown) => refusedAs(Promise.reject(error)),
      );
      if (expected === 'nothing') expect(answer).toEqual([]);
      else if (expected === 'zeros')
        expect(new Set((answer as { run_count: string }[]).map((row) => Number(row.run_count)))).toEqual(new Set([0]));
      else if (expected === 'refused each')
        expect(answer).toMatchObject([{ for_runs: { done: [], refused: [{ code: 'RUN_NOT_FOUND', runId: own.id }] } }]);
      else if (expected !== 'fine') expect(answer).toBe(expected);
      expect(await readValue(db.owner, 'select count(*)::int from durabase.audit_log')).toBe(before);
    });

    it('with any table of the schema but their own runs and profile', async () => {
      const tables = await db.owner.query<{ name: string }>(
        "select relname::text as name from pg_class where relnamespace = 'durabase'::regnamespace and relkind in ('r', 'v') order by 1",
      );
      const seen: Record<string, number> = {};
      for (const { name } of tables.rows) {
        const count = await countAs(ann, name);
        if (count > 0) seen[name] = count;
        for (const sql of [
          `delete from durabase.${name}`,
          `insert into durabase.${name} default values`,
          `truncate durabase.${name}`,
        ])
          expect(await refusedAs(asUser(db.owner, ann, (client) => client.query(sql)))).toBe('42501');
      }
      expect(seen).toEqual({ profiles: 1, task_runs: 1 });
    });
  });

  it('attack every function of the schema', async () => {
    const { rows } = await db.owner.query<{ name: string }>(
      "select distinct proname::text as name from pg_proc where pronamespace = 'durabase'::regnamespace and prorettype <> 'trigger'::regtype order by 1",
    );
    expect(rows.map(({ name }) => name)).toEqual(Object.keys(ATTACKS).toSorted());
  });
});
