import { beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { asUser } from '../support/as-role.ts';
import { createReadyTask, createUser, createWorkspace, executionOf } from '../support/build-rows.ts';
import { readValue } from '../support/call.ts';
import { useDatabase } from '../support/use-database.ts';
import { tellStory } from './support/tell-story.ts';

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
    ['a workspace', () => ({ workspace: workspaceId })],
    ['one state in it', () => ({ workspace: workspaceId, states: ['queued'] })],
    ['one of its tasks', () => ({ workspace: workspaceId, task: 'task-7' })],
    ['ids', () => ({ runIds: [runId] })],
  ])('an operation in bulk on %s reads no runs of other workspaces', async (_, filterOf) => {
    const read = await asUser(db.owner, author, async (client) => {
      const before = await tuplesRead(client);
      for (let round = 0; round < 7; round += 1)
        await client.query('select durabase_private.find_runs($1, 1001)', [JSON.stringify(filterOf())]);
      return ((await tuplesRead(client)) - before) / 7;
    });
    expect(read).toBeLessThanOrEqual(RUNS_EACH);
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
    [
      'the runs that wait for an event',
      "select w.run_id from durabase_private.event_waits w where w.workspace_id = '01890000-0000-7000-8000-000000000000' and w.name = 'n7' and w.event_id is null",
      'event_waits_name_idx',
    ],
    [
      'the events that a wait may take',
      "select e.id from durabase.events e where e.workspace_id = '01890000-0000-7000-8000-000000000000' and e.name = 'n7' and e.created_at >= now() order by e.created_at, e.id limit 1",
      'events_name_idx',
    ],
    [
      'what an event has ended of a run',
      "select from durabase_private.event_waits w where w.run_id = '01890000-0000-7000-8000-000000000000' and w.event_id = '01890000-0000-7000-8000-000000000000'",
      'event_waits_event_unique',
    ],
    [
      'the children of a step',
      "select l.run_id from durabase.run_links l where l.parent_run_id = '01890000-0000-7000-8000-000000000000' and l.step_id = 's' and l.iteration = 0",
      'run_links_parent_idx',
    ],
    ['the next deed', 'select d.n from durabase_private.deeds d where d.due_at <= now() order by d.n limit 1', 'deeds_pkey'],
  ])('%s by its index', async (_, sql, index) => {
    const { rows } = await db.owner.query<{ 'QUERY PLAN': string }>(`explain ${sql}`);
    expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toContain(index);
  });

  describe('of a run with 10,000 steps', () => {
    const story = tellStory(db);
    let short: string;
    let long: string;

    beforeAll(async () => {
      const { id } = await createWorkspace(db.owner);
      const task = await createReadyTask(db.owner, id);
      [short, long] = [await story.startOpen(task), await story.startOpen(task)];
      for (const run of [short, long]) {
        await story.openLoop(run, 'each', []);
        await story.begin(run, 'busy');
      }
      await db.owner.query(
        `insert into durabase.run_steps (run_id, step_id, iteration, workspace_id, name, action, state, epoch, attempt, finished_at)
         select $1, 'each', n, $2, 'each', 'log', 'completed', 1, 1, now() from generate_series(0, 9999) n`,
        [long, id],
      );
      await db.owner.query('analyze durabase.run_steps');
    });

    /** Steps that are read by it. The client is in a transaction. */
    const stepsRead = async (client: pg.ClientBase, sql: string, values: readonly unknown[]): Promise<number> => {
      const read = async () =>
        Number(
          await readValue(
            client,
            "select coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) from pg_stat_xact_user_tables where relid = 'durabase.run_steps'::regclass",
          ),
        );
      const before = await read();
      await client.query(sql, [...values]);
      return (await read()) - before;
    };
    /** As often as it takes until the plans are those that stay; each time undone. */
    const readInTheLongRun = async (sql: string, values: readonly unknown[]): Promise<number> => {
      const client = await db.owner.connect();
      try {
        let read = 0;
        for (let round = 0; round < 8; round += 1) {
          await client.query('begin');
          read = await stepsRead(client, sql, values);
          await client.query('rollback');
        }
        return read;
      } finally {
        client.release();
      }
    };

    // Postgres plans anew for the first five values, and from then on for any.
    it.each(['derive_state', 'derive_reason'])('%s reads the open ones only, however often it is asked', async (name) => {
      const client = await db.owner.connect();
      try {
        for (const state of ['running', 'waiting', 'retrying']) {
          await client.query('begin');
          await client.query(
            "update durabase.run_steps set state = $1, next_attempt_at = case $1 when 'retrying' then now() end where step_id = 'busy'",
            [state],
          );
          for (let round = 0; round < 8; round += 1)
            expect(await stepsRead(client, `select durabase_private.${name}($1)`, [long])).toBeLessThan(5);
          await client.query('rollback');
        }
      } finally {
        client.release();
      }
    });

    it.each([
      ['begin', { attempt: 1, state: 'running', input: {} }],
      ['end', { attempt: 1, state: 'completed', output: 1 }],
      ['skip', { reason: 'why not' }],
    ] as const)('to %s a step reads no more of them than of a short one', async (op, more) => {
      const itemOf = (runId: string) => ({
        ...executionOf(runId),
        op,
        stepId: op === 'end' ? 'busy' : 'next',
        name: 'n',
        action: 'log',
        ...more,
      });
      const read = (runId: string) =>
        readInTheLongRun('select durabase_private.write_steps($1)', [JSON.stringify([itemOf(runId)])]);
      expect(await read(long)).toBe(await read(short));
    });

    it('to pause it, too', async () => {
      const pause = (runId: string) => readInTheLongRun('select durabase.pause_run($1)', [runId]);
      expect(await pause(long)).toBe(await pause(short));
    });
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
  await owner.query(
    `insert into durabase_private.event_waits (run_id, step_id, iteration, workspace_id, name, match, event_id)
     select r.id, 's', 0, r.workspace_id, 'n' || (row_number() over () % 100), '{}', case when random() < 0.5 then gen_random_uuid() end from durabase.task_runs r`,
  );
  await owner.query(
    `insert into durabase.events (workspace_id, name, actor_kind, actor_name) select r.workspace_id, 'n' || (row_number() over () % 100), 'service', 'x' from durabase.task_runs r`,
  );
  await owner.query(
    `insert into durabase.run_links (run_id, parent_run_id, workspace_id, kind, step_id, iteration)
     select r.id, lag(r.id) over (order by r.id), r.workspace_id, 'child', 's', 0 from durabase.task_runs r offset 1`,
  );
  await owner.query(
    `insert into durabase_private.deeds (kind, other_id) select 'event', gen_random_uuid() from generate_series(1, 5000)`,
  );
  await owner.query('analyze');
};
