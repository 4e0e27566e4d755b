import type { Database } from './database.ts';
import type { ApiRole } from './tokens.ts';

export interface Column {
  readonly name: string;
  /** Short name, as clients cast by it: `int4`. */
  readonly type: string;
  /** As SQL writes it: `integer`, `public."Mood"`. */
  readonly sqlType: string;
  readonly isKey: boolean;
  /** Whether it is known of a row that was deleted, or before an update. */
  readonly isIdentity: boolean;
  readonly readers: readonly ApiRole[];
}

export interface Table {
  readonly entity: number;
  readonly schema: string;
  readonly name: string;
  /** With schema, quoted. */
  readonly sqlName: string;
  readonly hasRls: boolean;
  readonly columns: readonly Column[];
}

export interface Tables {
  /** As they are now: rights and columns may have changed since the last time. */
  describe(entities: readonly number[]): Promise<ReadonlyMap<number, Table>>;
  /** Tables of the publication; `*` stands for all. */
  findPublished(schema: string, table: string): Promise<readonly number[]>;
}

const DESCRIBE = `
  select c.oid as entity, n.nspname as schema, c.relname as name,
    format('%I.%I', n.nspname, c.relname) as "sqlName", c.relrowsecurity as "hasRls",
    (
      select json_agg(json_build_object(
        'name', a.attname,
        'type', t.typname,
        'sqlType', format_type(a.atttypid, null),
        'isKey', coalesce(a.attnum = any (k.indkey), false),
        'isIdentity', c.relreplident = 'f' or coalesce(a.attnum = any (i.indkey), false),
        'readers', array(
          select r from unnest(array['anon', 'authenticated', 'service_role']) r
          where has_schema_privilege(r, n.oid, 'usage') and has_column_privilege(r, c.oid, a.attnum, 'select'))
      ) order by a.attnum)
      from pg_attribute a
      join pg_type t on t.oid = a.atttypid
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    ) as columns
  from pg_class c
  join pg_namespace n on n.oid = c.relnamespace
  left join pg_index k on k.indrelid = c.oid and k.indisprimary
  left join pg_index i on i.indrelid = c.oid
    and ((c.relreplident = 'd' and i.indisprimary) or (c.relreplident = 'i' and i.indisreplident))
  where c.oid = any ($1::oid[])`;

const FIND_PUBLISHED = `
  select c.oid as entity
  from pg_publication_tables p
  join pg_namespace n on n.nspname = p.schemaname
  join pg_class c on c.relnamespace = n.oid and c.relname = p.tablename
  where p.pubname = 'supabase_realtime' and ($1 = '*' or p.schemaname = $1) and ($2 = '*' or p.tablename = $2)`;

export const createTables = ({ query }: Pick<Database, 'query'>): Tables => ({
  describe: async (entities) => {
    const rows = await query<Table>(DESCRIBE, [entities]);
    return new Map(rows.map((row) => [row.entity, { ...row, columns: row.columns ?? [] }]));
  },
  findPublished: async (schema, table) =>
    (await query<{ entity: number }>(FIND_PUBLISHED, [schema, table])).map((row) => row.entity),
});
