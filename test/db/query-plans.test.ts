import { beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { asUser } from '../support/as-role.ts';
import { createUser, createWorkspace } from '../support/build-rows.ts';
import { readValue } from '../support/call.ts';
import { useDatabase } from '../support/use-database.ts';

const WORKSPACES = 20;
const RUNS_EACH = 500;

/** What a node of a plan of Postgres says of itself. */
interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Index Name'?: string;
  readonly 'Parent Relationship'?: string;
  readonly 'Actual Loops'?: number;
  readonly 'Actual Rows'?: number;
  readonly Plans?: readonly PlanNode[];
  readonly [property: string]: unknown;
}

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];
const conditionsOf = (node: PlanNode): string =>
  Object.entries(node)
    .filter(([key]) => /Filter|Cond|Recheck/.test(key))
    .map(([, value]) => String(value))
    .join(' ');

describe('plans of hot queries', () => {
  const db = useDatabase();
  let viewer: string;
  let runner: string;
  let author: string;
  let guest: string;
  let workspaceId: string;
  let runId: string;

  beforeAll(async () => {
    await db.owner.query("update durabase.instance_settings set sign_up = 'nothing'"); // no personal workspaces beside the 20
    for (let n = 0; n < WORKSPACES; n += 1) await createWorkspace(db.owner, `w${n}`);
    viewer = await createUser(db.owner);
    runner = await createUser(db.owner);
    workspaceId = await readValue(db.owner, "select id from durabase.workspaces where name = 'w7'");
    await db.owner.query("insert into durabase.workspace_members values ($1, $2, 'viewer'), ($1, $3, 'runner')", [
      workspaceId,
      viewer,
      runner,
    ]);
    // half of all runs are the runner's, also where he is no member; the author sees all in his workspace and started half of them
    author = await createUser(db.owner);
    guest = await createUser(db.owner);
    await db.owner.query("insert into durabase.workspace_members values ($1, $2, 'editor'), ($1, $3, 'editor')", [
      workspaceId,
      author,
      guest,
    ]);
    await fill(db.owner, runner);
    await db.owner.query('update durabase.task_runs set actor_user_id = $2 where workspace_id = $1 and actor_user_id is null', [
      workspaceId,
      author,
    ]);
    // a share that gives a member no more than he has
    await db.owner.query(
      'insert into durabase.task_permissions (task_id, user_id) select id, $2 from durabase.tasks where workspace_id = $1',
      [workspaceId, guest],
    );
    runId = await readValue(db.owner, 'select id from durabase.task_runs where workspace_id = $1 limit 1', [workspaceId]);
  });

  const explain = (userId: string, sql: string): Promise<PlanNode[]> =>
    asUser(db.owner, userId, async (client) => {
      const { rows } = await client.query<{ 'QUERY PLAN': readonly [{ readonly Plan: PlanNode }] }>(
        `explain (analyze, format json) ${sql}`,
      );
      return nodesOf((rows[0] ?? { 'QUERY PLAN': [{ Plan: { 'Node Type': 'none' } }] })['QUERY PLAN'][0].Plan);
    });

  const queries = (): Readonly<Record<string, string>> => ({
    'a page of runs of a workspace': `select * from durabase.task_runs where workspace_id = '${workspaceId}' and (created_at, id) < (now(), 'ffffffff-ffff-ffff-ffff-ffffffffffff') order by created_at desc, id desc limit 50`,
    'a page of runs in one state': `select * from durabase.task_runs where workspace_id = '${workspaceId}' and state = 'queued' order by created_at desc, id desc limit 50`,
    'one run': `select * from durabase.task_runs where id = '${runId}'`,
    'the steps of a run': `select * from durabase.run_steps where run_id = '${runId}'`,
    'the events of a run': `select * from durabase.run_events where run_id = '${runId}' and seq > 0 order by seq limit 500`,
    'the tasks of a workspace': `select * from durabase.tasks where workspace_id = '${workspaceId}' order by created_at, id limit 50`,
  });

  it.each(Object.keys(queries()))('%s asks for rights once, not for each row', async (name) => {
    for (const userId of [viewer, runner]) {
      const nodes = await explain(userId, queries()[name] ?? '');
      const perRow = nodes.filter((node) =>
        /durabase_private\.|ws_ids|shared_task_ids|is_instance_admin|\buid\(/.test(conditionsOf(node)),
      );
      expect(perRow.map(conditionsOf)).toEqual([]);
      const inits = nodes.filter((node) => node['Parent Relationship'] === 'InitPlan');
      expect(inits.length).toBeGreaterThan(0);
      expect(inits.every((node) => (node['Actual Loops'] ?? 0) <= 1)).toBe(true);
    }
  });

  it.each([
    ['a page of runs of a workspace', 'task_runs_workspace_page_idx'],
    ['a page of runs in one state', 'task_runs_state_page_idx'],
    ['one run', 'task_runs_pkey'],
    ['the steps of a run', 'run_steps_pkey'],
    ['the events of a run', 'run_events_pkey'],
  ])('%s is read by the index %s and not sorted', async (name, index) => {
    const nodes = await explain(viewer, queries()[name] ?? '');
    expect(nodes.map((node) => node['Index Name'])).toContain(index);
    expect(nodes.filter((node) => ['Seq Scan', 'Sort', 'Incremental Sort'].includes(node['Node Type']))).toEqual([]);
  });

  it('a page of list_runs reads no rows that are not on it', async () => {
    const read = (userId: string) =>
      asUser(db.owner, userId, async (client) => {
        const before = await tuplesRead(client);
        await client.query('select * from durabase.list_runs(page_limit => 50)');
        return (await tuplesRead(client)) - before;
      });
    for (const userId of [viewer, runner, author, guest]) expect(await read(userId)).toBe(50);
  });

  it.each([
    [
      'admission',
      'select q.* from durabase_private.run_queue q where q.blocked_key is null and not q.needs_check and q.ready_at <= now() and (q.claimed_until is null or q.claimed_until <= now()) order by q.is_sync desc, q.priority, q.position limit 50',
      'run_queue_ready_idx',
    ],
    [
      'the next run of a freed permit',
      "select q.run_id from durabase_private.run_queue q where q.blocked_key = 'k' order by q.is_sync desc, q.priority, q.position limit 1",
      'run_queue_blocked_idx',
    ],
  ])('%s walks the queue by its index', async (_, sql, index) => {
    const { rows } = await db.owner.query<{ 'QUERY PLAN': string }>(`explain ${sql}`);
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain(index);
  });
});

/** Rows of runs that this transaction has taken from the table, by whichever way. */
const tuplesRead = async (client: pg.ClientBase): Promise<number> =>
  Number(
    await readValue(
      client,
      "select coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) from pg_stat_xact_user_tables where relid = 'durabase.task_runs'::regclass",
    ),
  );

/** Rows as start_run would write them, in bulk. */
const fill = async (owner: pg.Pool, actorId: string): Promise<void> => {
  await owner.query(
    `insert into durabase.tasks (workspace_id, slug, name) select w.id, 'task-' || n, 'Task' from durabase.workspaces w, generate_series(1, 20) n`,
  );
  await owner.query(
    `insert into durabase.task_versions (task_id, workspace_id, number, state, definition, plan, mode, priority)
     select t.id, t.workspace_id, 1, 'ready', '{}', '{}', 'async', 3 from durabase.tasks t`,
  );
  await owner.query(
    `insert into durabase.task_runs (workspace_id, task_id, version_id, state, mode, priority, input, source, actor_kind, actor_user_id, actor_name, workflow_id, run_at, created_at, finished_at)
     select v.workspace_id, v.task_id, v.id, case when n % 10 = 0 then 'queued' else 'completed' end, 'async', 3, '{}', 'call', 'user',
       case when n % 2 = 0 then $1::uuid end, 'x', 'run', now(), now() - n * interval '1 minute', case when n % 10 = 0 then null else now() end
     from durabase.task_versions v, generate_series(1, $2::int) n`,
    [actorId, RUNS_EACH / 20],
  );
  await owner.query(
    `insert into durabase.run_steps (run_id, step_id, workspace_id, name, action, state, epoch, attempt, finished_at)
     select r.id, 's' || n, r.workspace_id, 's', 'log', 'completed', 1, 1, now() from durabase.task_runs r, generate_series(1, 2) n`,
  );
  await owner.query(
    `insert into durabase.run_events (run_id, seq, workspace_id, kind) select r.id, n, r.workspace_id, 'run.x' from durabase.task_runs r, generate_series(1, 3) n`,
  );
  await owner.query(
    `insert into durabase_private.run_queue (run_id, workspace_id, priority, is_sync, ready_at, needs_check, blocked_key)
     select r.id, r.workspace_id, 3, false, now(), false, case when random() < 0.5 then 'k' end from durabase.task_runs r`,
  );
  await owner.query('analyze');
};
