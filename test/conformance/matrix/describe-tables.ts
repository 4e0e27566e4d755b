import { beforeAll, describe, expect, it } from '@jest/globals';
import { readPublished, readTables, type Column } from './catalogue.ts';
import { useComparisons } from './comparisons.ts';
import { TABLES, type TableExpectation, type Visible } from './expectations.ts';
import { KEYED_ROLES, type KeyedRole } from './roles.ts';
import { answerOf, namesOf, readBothWays, readDirectly, type Answer, type Row } from './rows.ts';
import type { MatrixContext } from './matrix-context.ts';

const NOBODY = '00000000-0000-7000-8000-000000000000';

export const describeTables = (context: MatrixContext): void => {
  const { supabase } = context;
  const { compare, takeDifferences } = useComparisons('REST beside direct SQL');
  let tables: ReadonlyMap<string, readonly Column[]>;

  beforeAll(async () => {
    tables = await readTables(supabase.owner);
  });

  it('has an expectation for every table and view of the schema', () => {
    expect([...tables.keys()].toSorted()).toEqual(Object.keys(TABLES).toSorted());
  });

  it('publishes to Realtime what is expected', async () => {
    const expected = Object.keys(TABLES).filter((table) => TABLES[table]?.isPublished === true);
    expect(await readPublished(supabase.owner)).toEqual(expected.toSorted());
  });

  describe.each(Object.entries(TABLES))('%s', (table, expectation) => {
    const columnsOf = (): readonly Column[] => tables.get(table) ?? [];
    const from = (role: KeyedRole) => context.world.client(role).schema('durabase').from(table);
    const direct = (role: KeyedRole): Promise<Answer> =>
      answerOf(context.world.act(role, (client) => readDirectly(client, table)));

    it.each(KEYED_ROLES)('shows %s the same rows as SQL', async (role) => {
      const { seen, reference } = await readBothWays(
        () => direct(role),
        async () => toAnswer(await from(role).select(listOf(columnsOf()))),
      );
      compare(`${table} for ${role}`, seen, reference);
      compare(
        `${table} as expected for ${role}`,
        visibleTo(await direct(role), expectation, context),
        sorted(expectation.visible[role]),
      );
      expect(takeDifferences()).toEqual([]);
    });

    it.each(KEYED_ROLES)('lets %s read the same columns as SQL', async (role) => {
      await Promise.all(
        columnsOf().map(async ({ name }) => {
          const reference = await answerOf(
            context.world.act(role, async (client) => (await client.query(`select ${name} from durabase.${table} limit 0`)).rows),
          );
          compare(`${table}.${name} for ${role}`, toAnswer(await from(role).select(name).limit(0)), reference);
        }),
      );
      expect(takeDifferences()).toEqual([]);
    });

    it.each(KEYED_ROLES)('lets %s write as little as SQL does', async (role) => {
      const { key } = expectation;
      const nothing = key === 'only_row' ? false : NOBODY;
      const value: Readonly<Record<string, unknown>> = { [key]: nothing };
      const writes = [
        ['insert', `insert into durabase.${table} (${key}) values ('${nothing}')`, from(role).insert(value)],
        ['update', `update durabase.${table} set ${key} = ${key} where false`, from(role).update(value).eq(key, nothing)],
        ['delete', `delete from durabase.${table} where false`, from(role).delete().eq(key, nothing)],
      ] as const;
      for (const [verb, sql, request] of writes) {
        const reference = await answerOf(context.world.act(role, async (client) => (await client.query(sql)).rows));
        compare(`${verb} ${table} by ${role}`, toAnswer({ ...(await request), data: [] }), reference);
        compare(`${verb} ${table} by ${role} as expected`, reference, '42501');
      }
      expect(takeDifferences()).toEqual([]);
    });

    it('shows nothing to whom has no key', async () => {
      for (const method of ['GET', 'POST', 'PATCH', 'DELETE']) {
        const { status } = await fetch(`${supabase.settings.url}/rest/v1/${table}?${expectation.key}=is.null`, {
          method,
          headers: { 'accept-profile': 'durabase', 'content-profile': 'durabase', 'content-type': 'application/json' },
          ...(method === 'GET' ? {} : { body: '{}' }),
        });
        compare(`${method} ${table} without a key`, status, 401);
      }
      expect(takeDifferences()).toEqual([]);
    });
  });
};

const sorted = (names: Visible): Visible => (names === 'refused' ? names : names.toSorted());

interface RestAnswer {
  readonly data: unknown;
  readonly error: { readonly code: string } | null;
}

const toAnswer = ({ data, error }: RestAnswer): Answer => (error === null ? (data as Answer) : error.code);

const listOf = (columns: readonly Column[]): string => columns.map(({ name }) => name).join(',');

const visibleTo = (answer: Answer, expectation: TableExpectation, { world }: MatrixContext): unknown =>
  typeof answer === 'string' ? 'refused' : namesOf(answer as readonly Row[], expectation, world);
