import pg from 'pg';

/** Who reads. */
export interface Readers {
  /** Sees everything in one workspace. */
  readonly viewer: string;
  /** Owns all twenty. */
  readonly owner: string;
  /** Sees his own runs in one workspace: all but each tenth of them. */
  readonly runner: string;
  readonly stranger: string;
  readonly admin: string;
}

export interface Seeded {
  readonly workspaceId: string;
  readonly otherWorkspaceId: string;
  /** A fifth of the runs of the workspace are its. */
  readonly taskId: string;
  readonly readers: Readers;
}

const WORKSPACES = 20;
const TASKS_EACH = 5;
const BATCH = 100_000;
/** Nine of ten ended well; of ten thousand, one is paused. */
const INSERT_RUNS = `
  insert into durabase.task_runs (workspace_id, task_id, version_id, state, mode, priority, input, output, error, source, actor_kind,
    actor_user_id, actor_name, workflow_id, run_at, started_at, finished_at, created_at, updated_at)
  select t.workspace_id, t.task_id, t.version_id, s.state, 'async', 3, jsonb_build_object('n', n, 'name', 'Ann Example', 'order', 'order' || n,
      'half', case when n < $6::int / 2 then 'early' else 'late' end),
    case when s.state = 'completed' then '{"isDone": true}'::jsonb end,
    case when s.state in ('failed', 'timed_out') then '{"code": "STEP_FAILED", "message": "the other side said 500"}'::jsonb end,
    'call', 'user', case when n / $3 % 10 = 0 then $5::uuid else $4::uuid end, 'bench', 'run-' || gen_random_uuid(), c.at, c.at, 
    case when s.state <> 'paused' then c.at + interval '2 seconds' end, c.at, c.at
  from generate_series($1::int, $2::int) n
    cross join lateral (select now() - make_interval(secs => 2000000 - n) as at) c
    cross join lateral (select case
      when n / $3 % 10000 = 77 then 'paused' when n / $3 % 100 < 90 then 'completed' when n / $3 % 100 < 96 then 'failed'
      when n / $3 % 100 < 98 then 'cancelled' when n / $3 % 100 < 99 then 'timed_out' else 'skipped' end as state) s
    join bench_tasks t on t.place = n % $3 * ${TASKS_EACH} + n / $3 % ${TASKS_EACH}`;

/** Fills a database with a history of so many runs over twenty workspaces, evenly in time. */
export async function seed(ownerUrl: string, runCount: number): Promise<Seeded> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    await client.query("update durabase.instance_settings set sign_up = 'nothing'");
    const [viewer, owner, runner, stranger, admin] = await createUsers(client, 5);
    const { workspaces, tasks } = await createTasks(client);
    await client.query("insert into durabase.workspace_members select w, $2, 'owner' from unnest($1::uuid[]) w", [
      workspaces,
      owner,
    ]);
    await client.query("insert into durabase.workspace_members values ($1, $2, 'viewer'), ($1, $3, 'runner')", [
      workspaces[0],
      viewer,
      runner,
    ]);
    await client.query('insert into durabase.instance_admins (user_id) values ($1)', [admin]);
    for (let from = 0; from < runCount; from += BATCH)
      await client.query(INSERT_RUNS, [from, Math.min(from + BATCH, runCount) - 1, WORKSPACES, runner, owner, runCount]);
    await client.query('vacuum analyze durabase.task_runs');
    await writeWords(client);
    return {
      workspaceId: workspaces[0] ?? '',
      otherWorkspaceId: workspaces[1] ?? '',
      taskId: tasks[0] ?? '',
      readers: { viewer: viewer ?? '', owner: owner ?? '', runner: runner ?? '', stranger: stranger ?? '', admin: admin ?? '' },
    };
  } finally {
    await client.end();
  }
}

/** As the worker that leads does: one pass after the other, until nothing is left. */
async function writeWords(client: pg.Client): Promise<void> {
  await client.query('select durabase_private.begin_run_texts()');
  for (;;) {
    const { rows } = await client.query<{ looked: number }>('select durabase_private.index_runs(2000) as looked');
    if (rows[0]?.looked === 0) break;
  }
  await client.query('vacuum analyze durabase_private.run_texts');
}

async function createUsers(client: pg.Client, count: number): Promise<readonly string[]> {
  const { rows } = await client.query<{ id: string }>(
    `insert into auth.users (id, email) select u, u || '@example.test' from
      (select gen_random_uuid() as u from generate_series(1, $1)) z returning id`,
    [count],
  );
  return rows.map(({ id }) => id);
}

async function createTasks(
  client: pg.Client,
): Promise<{ readonly workspaces: readonly string[]; readonly tasks: readonly string[] }> {
  await client.query('create temp table bench_tasks (place int primary key, workspace_id uuid, task_id uuid, version_id uuid)');
  const workspaces: string[] = [];
  for (let place = 0; place < WORKSPACES * TASKS_EACH; place += 1) {
    if (place % TASKS_EACH === 0) workspaces.push(await createWorkspace(client, `w${workspaces.length}`));
    const workspaceId = workspaces.at(-1);
    const definition = { slug: `task-${place % TASKS_EACH}`, steps: [{ id: 'hello', action: 'log' }] };
    const saved = await client.query<{ id: string; task_id: string }>(
      'select id, task_id from durabase.save_task(definition => $1, workspace => $2)',
      [JSON.stringify(definition), workspaceId],
    );
    await client.query('select durabase_private.publish_version(p_version => $1, p_plan => $2, p_problems => null)', [
      saved.rows[0]?.id,
      JSON.stringify({ mode: 'async', priority: 3, steps: definition.steps }),
    ]);
    await client.query('insert into bench_tasks values ($1, $2, $3, $4)', [
      place,
      workspaceId,
      saved.rows[0]?.task_id,
      saved.rows[0]?.id,
    ]);
  }
  const { rows } = await client.query<{ task_id: string }>('select task_id from bench_tasks order by place');
  return { workspaces, tasks: rows.map(({ task_id: id }) => id) };
}

async function createWorkspace(client: pg.Client, name: string): Promise<string> {
  const { rows } = await client.query<{ id: string }>('insert into durabase.workspaces (name) values ($1) returning id', [name]);
  return rows[0]?.id ?? '';
}
