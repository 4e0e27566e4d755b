import { beforeAll, describe, expect, it } from '@jest/globals';
import { readValue } from '../../support/call.ts';
import { refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';
import { CALLERS, EXPECTED } from './matrix.ts';
import { createWorld, type World } from './world.ts';

const PERMISSION_DENIED = '42501';
const API_ROLES = ['anon', 'authenticated', 'service_role'];

describe('row-level security', () => {
  const db = useDatabase();
  let world: World;

  beforeAll(async () => {
    world = await createWorld(db.owner);
  });

  it('is on for every table of both schemas', async () => {
    const { rows } = await db.owner.query(
      `select c.oid::regclass::text as table from pg_class c
       where c.relnamespace in ('durabase'::regnamespace, 'durabase_private'::regnamespace) and c.relkind in ('r', 'p') and not c.relrowsecurity`,
    );
    expect(rows).toEqual([]);
  });

  it('has an expectation for every table and view of the exposed schema', async () => {
    const { rows } = await db.owner.query<{ name: string }>(
      "select relname::text as name from pg_class where relnamespace = 'durabase'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f') order by 1",
    );
    expect(rows.map(({ name }) => name)).toEqual(Object.keys(EXPECTED).toSorted());
  });

  describe.each(Object.entries(EXPECTED))('%s', (table, { name, visible }) => {
    it.each(CALLERS)('shows %s the rows that are meant for him', async (caller) => {
      const expected = visible[caller];
      const select = world.act(caller, (client) =>
        client.query<{ name: string }>(`select ${name} as name from durabase.${table} t`),
      );
      if (expected === 'refused') return expect(await refusedAs(select)).toBe(PERMISSION_DENIED);
      expect((await select).rows.map((row) => row.name).toSorted()).toEqual([...expected].toSorted());
    });

    it.each(CALLERS)('lets %s insert, update and delete nothing', async (caller) => {
      const column = await readValue<string>(
        db.owner,
        "select quote_ident(attname) from pg_attribute where attrelid = $1::regclass and attnum > 0 and attidentity = '' order by attnum limit 1",
        [`durabase.${table}`],
      );
      const statements = [
        `insert into durabase.${table} default values`,
        `insert into durabase.${table} overriding system value select * from durabase.${table} on conflict do nothing`,
        `update durabase.${table} set ${column} = ${column}`,
        `delete from durabase.${table}`,
        `truncate durabase.${table}`,
      ];
      for (const sql of statements) {
        expect({ sql, answer: await refusedAs(world.act(caller, (client) => client.query(sql))) }).toEqual({
          sql,
          answer: PERMISSION_DENIED,
        });
      }
    });
  });

  it('gives the roles of the Data API no right but reading, and none on internals', async () => {
    const { rows } = await db.owner.query(
      `select c.oid::regclass::text as relation, r.role, p.privilege from pg_class c, unnest($1::text[]) r (role),
         unnest(case when c.relkind = 'S' then '{USAGE,SELECT,UPDATE}'::text[]
           else '{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER,MAINTAIN}'::text[] end) p (privilege)
       where c.relnamespace in ('durabase'::regnamespace, 'durabase_private'::regnamespace) and c.relkind in ('r', 'p', 'v', 'm', 'S')
         and case when c.relkind = 'S' then has_sequence_privilege(r.role, c.oid, p.privilege) else has_table_privilege(r.role, c.oid, p.privilege) end
         and not (c.relnamespace = 'durabase'::regnamespace and c.relkind <> 'S' and p.privilege = 'SELECT' and r.role <> 'anon')`,
      [API_ROLES],
    );
    expect(rows).toEqual([]);
  });

  it('gives the roles of the Data API no right on single columns', async () => {
    const { rows } = await db.owner.query(
      `select a.attrelid::regclass::text as relation, a.attname, a.attacl::text from pg_attribute a join pg_class c on c.oid = a.attrelid
       where c.relnamespace in ('durabase'::regnamespace, 'durabase_private'::regnamespace) and a.attacl is not null`,
    );
    expect(rows).toEqual([]);
  });

  it.each(['durabase_engine', 'durabase_gateway'])('gives %s no right on tables: it works by functions', async (role) => {
    const { rows } = await db.owner.query(
      `select c.oid::regclass::text as relation from pg_class c
       where c.relnamespace in ('durabase'::regnamespace, 'durabase_private'::regnamespace) and c.relkind in ('r', 'p', 'v', 'm')
         and has_table_privilege($1, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')`,
      [role],
    );
    expect(rows).toEqual([]);
  });

  it('reads internals for nobody', async () => {
    const { rows } = await db.owner.query<{ name: string }>(
      "select tablename::text as name from pg_tables where schemaname = 'durabase_private'",
    );
    expect(rows.length).toBeGreaterThan(5);
    for (const { name } of rows) {
      for (const caller of ['owner', 'instanceAdmin', 'anonymous', 'service'] as const) {
        const answer = await refusedAs(world.act(caller, (client) => client.query(`select * from durabase_private.${name}`)));
        expect({ name, caller, answer }).toEqual({ name, caller, answer: PERMISSION_DENIED });
      }
    }
  });
});
