import { beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { asUser } from '../support/as-role.ts';
import { createReadyTask, createWorkspace, type ReadyTask, type Workspace } from '../support/build-rows.ts';
import { useDatabase } from '../support/use-database.ts';
import { indexRuns } from './support/index-runs.ts';

/** More than four blocks of one workspace; the words say when each was made, and are in the runs of others too. */
const RUNS = 18_000;
const db = useDatabase();
let acme: Workspace;
let other: Workspace;
let readers: Readonly<Record<string, string>>;

/** One of a thousand is paused, one of ten is the runner's; made a second apart. */
const INSERT = `
  insert into durabase.task_runs (workspace_id, task_id, version_id, state, mode, priority, input, source, actor_kind, actor_user_id,
    actor_name, workflow_id, run_at, started_at, finished_at, created_at)
  select $1, $2, $3, s.state, 'async', 3, jsonb_build_object('n', 'number' || n, 'half', case when n < $6 / 2 then 'early' else 'late' end,
      'parity', case n % 2 when 0 then 'even' else 'odd' end, 'rare', case when n % 5000 = 1234 then 'seldom' end),
    'call', 'user', case n % 10 when 0 then $4::uuid else $5::uuid end, 'x', 'run-' || gen_random_uuid(), c.at, c.at,
    case s.state when 'completed' then c.at end, c.at
  from generate_series(0, $6::int - 1) n cross join lateral (select now() - make_interval(secs => $6 - n) as at) c
    cross join lateral (select case n % 1000 when 7 then 'paused' else 'completed' end as state) s`;

const fill = (workspace: Workspace, task: ReadyTask, count: number) =>
  db.owner.query(INSERT, [workspace.id, task.id, task.versionId, workspace.users.runner, workspace.users.editor, count]);

beforeAll(async () => {
  [acme, other] = [await createWorkspace(db.owner), await createWorkspace(db.owner, 'Other')];
  await fill(acme, await createReadyTask(db.owner, acme.id), RUNS);
  await fill(other, await createReadyTask(db.owner, other.id), RUNS / 2);
  await db.owner.query('select durabase_private.begin_run_texts()');
  await indexRuns(db.engine, 2_000);
  await db.owner.query('vacuum analyze durabase.task_runs, durabase_private.run_texts');
  readers = { viewer: acme.users.viewer, runner: acme.users.runner, stranger: crypto.randomUUID() };
}, 120_000);

interface Reads {
  readonly scans: number;
  readonly rows: number;
  readonly found: number;
}

/** Scans of whole tables, and rows that were fetched from tables, in the transaction of the call. */
const readsOf = (userId: string, args: string): Promise<Reads> =>
  asUser(db.owner, userId, async (client: pg.ClientBase) => {
    const look = async (): Promise<Omit<Reads, 'found'>> => {
      const { rows } = await client.query<{ scans: string; rows: string }>(
        `select sum(pg_catalog.pg_stat_get_xact_numscans(c.oid)) as scans,
          sum(pg_catalog.pg_stat_get_xact_tuples_returned(c.oid) + pg_catalog.pg_stat_get_xact_tuples_fetched(c.oid)) as rows
        from pg_catalog.pg_class c where c.oid in ('durabase.task_runs'::regclass, 'durabase_private.run_texts'::regclass)`,
      );
      return { scans: Number(rows[0]?.scans), rows: Number(rows[0]?.rows) };
    };
    const before = await look();
    const { rowCount } = await client.query(`select * from durabase.search_runs(${args})`);
    const after = await look();
    return { scans: after.scans - before.scans, rows: after.rows - before.rows, found: rowCount ?? 0 };
  });

describe('search_runs in a long history', () => {
  it('has blocks of a bounded length, in the order of the list', async () => {
    const { rows } = await db.owner.query<{ size: number; is_inside: boolean }>(
      `select count(*)::int as size, bool_and(x.created_at >= b.from_at and x.created_at < coalesce(b.until_at, 'infinity')) as is_inside
       from durabase_private.run_texts x join (
         select *, lead(from_at) over (partition by workspace_id order by from_at) as until_at from durabase_private.run_text_blocks) b using (block)
       group by x.block`,
    );
    expect(rows.length).toBeGreaterThanOrEqual(8);
    expect(rows.every(({ size, is_inside }) => size <= 4_200 && is_inside)).toBe(true);
  });

  it.each<[string, string, string, number, number]>([
    ['a word in all of them', 'viewer', "'number or greet'", 50, 400],
    ['a word that only old ones have', 'viewer', "'early'", 50, 5_000],
    ['a word that few have', 'viewer', "'seldom'", 4, 260],
    ['a word of one run', 'viewer', "'number42'", 1, 260],
    ['a word that nothing has', 'viewer', "'nowhere'", 0, 260],
    ['frequent words that never come together', 'viewer', "'even odd'", 0, 260],
    ['what has not a word', 'viewer', "'-late'", 50, 5_000],
    ['many words', 'viewer', `'${'even odd late early '.repeat(5)}'`, 0, 260],
    ['any of many words', 'viewer', `'${Array.from({ length: 14 }, (_, n) => `number${n}`).join(' or ')}'`, 14, 350],
    ['a frequent word in a rare state', 'viewer', "'early', states => '{paused}'", 9, 300],
    ['a frequent word in a state that nothing has', 'viewer', "'early', states => '{expired}'", 0, 260],
    ['a frequent word with an error that nothing has', 'viewer', "'early', error_code => 'NONE'", 0, 260],
    ['a frequent word of a page far down', 'viewer', "'greet', before_at => now() - interval '17000 seconds'", 50, 400],
    ['a frequent word since a while ago', 'viewer', "'early', since => now() - interval '1 hour'", 0, 260],
    ['a frequent word, of his own', 'runner', "'early'", 50, 1_000],
    ['a word that is only in the runs of others', 'runner', "'odd'", 0, 260],
    ['a workspace of others', 'viewer', `'greet', workspace => 'OTHER'`, 0, 0],
    ['everything for a stranger', 'stranger', "'greet'", 0, 0],
    ['who started them', 'viewer', "actor => 'RUNNER'", 50, 200],
    ['who started them, and a word', 'viewer', "'early', actor => 'RUNNER'", 50, 1_000],
  ])('finds %s without reading more than it needs', async (_, reader, args, expected, budget) => {
    const filled = args.replace('OTHER', other.id).replace('RUNNER', acme.users.runner);
    const { scans, rows, found } = await readsOf(readers[reader] ?? '', filled);
    expect({ scans, found }).toEqual({ scans: 0, found: expected });
    expect(rows).toBeLessThanOrEqual(budget);
  });

  it('would be seen reading everything', async () => {
    await asUser(db.owner, acme.users.viewer, async (client) => {
      const look = async (): Promise<number> => {
        const { rows } = await client.query<{ rows: string }>(
          "select pg_catalog.pg_stat_get_xact_tuples_returned('durabase.task_runs'::regclass) as rows",
        );
        return Number(rows[0]?.rows);
      };
      const before = await look();
      await client.query("select count(*) from durabase.task_runs where input ->> 'half' = 'early'");
      expect((await look()) - before).toBeGreaterThanOrEqual(RUNS);
    });
  });

  it('pages through everything that says a word, without gap or overlap', async () => {
    await asUser(db.owner, acme.users.viewer, async (client) => {
      const paged: string[] = [];
      let place: readonly [string, string] | undefined;
      for (;;) {
        const { rows } = await client.query<{ id: string; at: string }>(
          "select id, created_at::text as at from durabase.search_runs('early even', before_at => $1, before_id => $2, page_limit => 777)",
          place === undefined ? [null, null] : [...place],
        );
        paged.push(...rows.map(({ id }) => id));
        const last = rows.at(-1);
        if (last === undefined) break;
        place = [last.at, last.id];
      }
      const { rows } = await client.query<{ id: string }>(
        `select id from durabase.task_runs where input ->> 'half' = 'early' and input ->> 'parity' = 'even' order by created_at desc, id desc`,
      );
      expect(paged).toEqual(rows.map(({ id }) => id));
      expect(paged).toHaveLength(RUNS / 4);
    });
  });
});
