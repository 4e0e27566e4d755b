import { beforeAll, describe, expect, it } from '@jest/globals';
import { asUser } from '../../support/as-role.ts';
import { createReadyTask, createUser, createWorkspace, shareTask, type Workspace } from '../../support/build-rows.ts';
import { refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';

const OTHERS_TASKS = 5_000;

describe('search_tasks', () => {
  const db = useDatabase();
  let acme: Workspace;
  let other: Workspace;
  let callers: Readonly<Record<string, string>>;

  beforeAll(async () => {
    [acme, other] = [await createWorkspace(db.owner), await createWorkspace(db.owner, 'Other')];
    for (const slug of ['daily-report', 'weekly-report', 'greet']) await createReadyTask(db.owner, acme.id, { slug });
    await db.owner.query(
      "update durabase.tasks set name = 'Grüße an Kunden', description = 'says hello to api.example.test', tags = '{team-a}' where slug = 'greet'",
    );
    await db.owner.query(
      "insert into durabase.tasks (workspace_id, slug, name) select $1, 'report-' || n, 'A report' from generate_series(1, $2::int) n",
      [other.id, OTHERS_TASKS],
    ); // prettier-ignore
    await db.owner.query('vacuum analyze durabase.tasks');
    const [guest, admin, stranger] = [await createUser(db.owner), await createUser(db.owner), await createUser(db.owner)];
    const { rows } = await db.owner.query<{ id: string }>("select id from durabase.tasks where slug = 'daily-report'");
    await shareTask(db.owner, { taskId: rows[0]?.id ?? '', userId: guest });
    await db.owner.query('insert into durabase.instance_admins (user_id) values ($1)', [admin]);
    callers = { viewer: acme.users.viewer, runner: acme.users.runner, otherOwner: other.users.owner, guest, admin, stranger };
  });

  const find = async (caller: string, q: string, workspace?: string): Promise<string[]> =>
    asUser(db.owner, callers[caller] ?? '', async (client) => {
      const { rows } = await client.query<{ slug: string }>('select slug from durabase.search_tasks($1, $2, page_limit => 1000)', [q, workspace ?? null]);
      return rows.map(({ slug }) => slug);
    }); // prettier-ignore

  it('finds by words and by the beginning of the slug', async () => {
    for (const [q, slugs] of [
      ['report', ['weekly-report', 'daily-report']], ['daily', ['daily-report']], ['dai', ['daily-report']], ['daily-rep', ['daily-report']],
      ['grüße', ['greet']], ['kunden hello', ['greet']], ['example', ['greet']], ['team-a', ['greet']], ['-report', ['greet']],
      ['ily', []], ['%', []], ['', []], [' ', []], ["'", []], ['" p', []], ['hello -kunden', []], ['"says hello"', ['greet']], ['"hello says"', []], [`w${acme.id}`, []],
    ] as const) expect([q, await find('viewer', q)]).toEqual([q, slugs]); // prettier-ignore
    expect(await refusedAs(find('viewer', 'x'.repeat(201)))).toBe('422 INVALID_REQUEST');
  });

  it.each(['viewer', 'runner', 'otherOwner', 'guest', 'admin', 'stranger'])(
    'finds for the %s what policies show',
    async (caller) => {
      for (const workspace of [undefined, acme.id, other.id]) {
        const seen = await asUser(db.owner, callers[caller] ?? '', async (client) => {
          const { rows } = await client.query<{ slug: string }>(
            `select slug from durabase.tasks where slug like '%report%' and ($1::uuid is null or workspace_id = $1)
           order by created_at desc, id desc limit 1000`,
            [workspace ?? null],
          );
          return rows.map(({ slug }) => slug);
        });
        expect(await find(caller, 'report', workspace)).toEqual(seen);
      }
    },
  );

  it('reads nothing of the tasks of others', async () => {
    await asUser(db.owner, acme.users.viewer, async (client) => {
      const look = async (): Promise<number> => {
        const { rows } = await client.query<{ rows: string }>(
          `select pg_catalog.pg_stat_get_xact_tuples_returned(c) + pg_catalog.pg_stat_get_xact_tuples_fetched(c) as rows
           from (select 'durabase.tasks'::regclass as c) t`,
        );
        return Number(rows[0]?.rows);
      };
      const before = await look();
      await client.query("select * from durabase.search_tasks('report')");
      expect((await look()) - before).toBeLessThan(20);
    });
  });
});
