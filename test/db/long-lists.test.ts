import { beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { seed, type Seeded } from '../../bench/lists/seed.ts';
import { asUser } from '../support/as-role.ts';
import { useDatabase } from '../support/use-database.ts';

const RUNS = 20_000;
const RUNS_OF_WORKSPACE = RUNS / 20;
const STATES = "array['paused']";
const db = useDatabase();
let seeded: Seeded;

beforeAll(async () => {
  seeded = await seed(db.urls.ownerUrl, RUNS);
}, 60_000);

interface Reads {
  readonly scans: number;
  readonly rows: number;
}

/** Scans of the whole table, and rows that were fetched from the table or looked up in an index, in the transaction of the call. */
const readsOf = (userId: string, sql: string): Promise<Reads> =>
  asUser(db.owner, userId, async (client: pg.ClientBase) => {
    const look = async (): Promise<Reads> => {
      const { rows } = await client.query<{ scans: string; rows: string }>(
        `select pg_catalog.pg_stat_get_xact_numscans(c.oid) as scans,
          pg_catalog.pg_stat_get_xact_tuples_returned(c.oid) + (
            select coalesce(sum(pg_catalog.pg_stat_get_xact_tuples_returned(i.indexrelid)), 0)
            from pg_catalog.pg_index i where i.indrelid = c.oid) as rows
        from pg_catalog.pg_class c where c.oid = 'durabase.task_runs'::regclass`,
      );
      return { scans: Number(rows[0]?.scans), rows: Number(rows[0]?.rows) };
    };
    const before = await look();
    await client.query(sql);
    const after = await look();
    return { scans: after.scans - before.scans, rows: after.rows - before.rows };
  });

const deep = "now() - interval '1990000 seconds', null";

const errorRuns = (code: string, task?: string): string =>
  `durabase_private.runs_with_error('${code}', null, ${task === undefined ? 'null' : `'${task}'`}, null, null, null, 50)`;

describe('lists of a long history', () => {
  it.each<[string, keyof Seeded['readers'], () => string, number]>([
    ['a first page of a member', 'viewer', () => 'durabase.list_runs()', 60],
    ['a deep page of a member', 'viewer', () => `durabase.list_runs(null, null, null, ${deep})`, 60],
    ['a first page over twenty workspaces', 'owner', () => 'durabase.list_runs()', 1_100],
    ['a page of a runner', 'runner', () => 'durabase.list_runs()', 70],
    ['a frequent state', 'viewer', () => "durabase.list_runs(null, null, array['completed'])", 60],
    ['a rare state', 'viewer', () => `durabase.list_runs(null, null, ${STATES})`, 60],
    ['a rare state over twenty workspaces', 'owner', () => `durabase.list_runs(null, null, ${STATES})`, 60],
    ['a rare state of a task', 'viewer', () => `durabase.list_runs(null, '${seeded.taskId}', ${STATES})`, 60],
    ['a task', 'viewer', () => `durabase.list_runs(null, '${seeded.taskId}')`, 60],
    ['a workspace of others', 'viewer', () => `durabase.list_runs('${seeded.otherWorkspaceId}')`, 0],
    ['everything for a stranger', 'stranger', () => 'durabase.list_runs()', 0],
    ['an error', 'viewer', () => errorRuns('STEP_FAILED'), 120],
    ['an error that nobody had', 'owner', () => errorRuns('NONE'), 60],
    ['an error over twenty workspaces', 'owner', () => errorRuns('STEP_FAILED'), 2_200],
    ['an error of a task', 'viewer', () => errorRuns('STEP_FAILED', seeded.taskId), 120],
    ['an error for a stranger', 'stranger', () => errorRuns('STEP_FAILED'), 0],
    ['counts of a member', 'viewer', () => 'durabase.count_runs()', 2 * RUNS_OF_WORKSPACE + 20],
    ['counts that are capped', 'owner', () => 'durabase.count_runs(up_to => 100)', 13 * 110],
    ['counts of a stranger', 'stranger', () => 'durabase.count_runs()', 0],
  ])('%s reads no more than it needs', async (_, reader, call, budget) => {
    const { scans, rows } = await readsOf(seeded.readers[reader], `select * from ${call()}`);
    expect(scans).toBe(0);
    expect(rows).toBeLessThanOrEqual(budget);
  });

  it('would be seen reading everything', async () => {
    const { rows } = await readsOf(seeded.readers.owner, 'select count(*) from durabase.task_runs where input is not null');
    expect(rows).toBeGreaterThanOrEqual(RUNS);
  });
});

describe('runs_with_error', () => {
  it.each(['viewer', 'owner', 'runner', 'stranger', 'admin'] as const)(
    'finds for a %s what policies let him see',
    async (reader) => {
      for (const task of [undefined, seeded.taskId]) {
        const [found, seen] = await asUser(db.owner, seeded.readers[reader], async (client) => [
          (await client.query<{ id: string }>(`select id from ${errorRuns('STEP_FAILED', task)}`)).rows,
          (
            await client.query<{ id: string }>(
              `select id from durabase.task_runs where error ->> 'code' = 'STEP_FAILED' and ($1::uuid is null or task_id = $1)
            order by created_at desc, id desc limit 50`,
              [task ?? null],
            )
          ).rows,
        ]);
        expect(found).toEqual(seen);
        expect((found ?? []).length > 0).toBe(reader !== 'stranger');
      }
    },
  );
});

describe('count_runs', () => {
  const counted = (userId: string, args = '') =>
    asUser(db.owner, userId, async (client) => {
      const { rows } = await client.query<{ state: string; run_count: string; is_capped: boolean }>(
        `select * from durabase.count_runs(${args}) where run_count > 0 or is_capped order by state`,
      );
      return rows.map((row) => [row.state, Number(row.run_count), row.is_capped]);
    });
  const seen = (userId: string, where = 'true') =>
    asUser(db.owner, userId, async (client) => {
      const { rows } = await client.query<{ state: string; total: string }>(
        `select state, count(*) as total from durabase.task_runs where ${where} group by state order by state`,
      );
      return rows.map((row) => [row.state, Number(row.total), false]);
    });

  it.each(['viewer', 'runner', 'stranger'] as const)('counts what policies let a %s see', async (reader) => {
    expect(await counted(seeded.readers[reader])).toEqual(await seen(seeded.readers[reader]));
  });

  it('counts a task, and a workspace, and nothing of others', async () => {
    const { viewer, runner, owner } = seeded.readers;
    for (const reader of [viewer, runner, owner])
      expect(await counted(reader, `task => '${seeded.taskId}'`)).toEqual(await seen(reader, `task_id = '${seeded.taskId}'`));
    expect(await counted(owner, `workspace => '${seeded.otherWorkspaceId}'`)).toEqual(
      await seen(owner, `workspace_id = '${seeded.otherWorkspaceId}'`),
    );
    expect(await counted(viewer, `workspace => '${seeded.otherWorkspaceId}'`)).toEqual([]);
  });

  it('counts to its cap, and says so', async () => {
    const { owner, admin } = seeded.readers;
    for (const reader of [owner, admin]) {
      const counts = await counted(reader);
      expect(counts.find(([state]) => state === 'completed')).toEqual(['completed', 5_000, true]);
      expect(counts.find(([state]) => state === 'failed')).toEqual(['failed', 1_200, false]);
    }
  });

  it('counts what is shared with somebody elsewhere', async () => {
    const { stranger } = seeded.readers;
    await db.owner.query('insert into durabase.task_permissions (task_id, user_id) values ($1, $2)', [seeded.taskId, stranger]);
    const counts = await counted(stranger);
    expect(counts.length).toBeGreaterThan(0);
    expect(counts).toEqual(await seen(stranger));
    expect(await counted(stranger, `task => '${seeded.taskId}'`)).toEqual(counts);
  });
});
