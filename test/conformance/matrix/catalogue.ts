import type pg from 'pg';

export interface Column {
  readonly name: string;
  readonly type: string;
}

/** Every table and view of the exposed schema, with its columns, as the database itself has them. */
export const readTables = async (owner: pg.Pool): Promise<ReadonlyMap<string, readonly Column[]>> => {
  const { rows } = await owner.query<{ relation: string; name: string; type: string }>(
    `select c.relname::text as relation, a.attname::text as name, a.atttypid::regtype::text as type
     from pg_catalog.pg_class c join pg_catalog.pg_attribute a on a.attrelid = c.oid
     where c.relnamespace = 'durabase'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f') and a.attnum > 0 and not a.attisdropped
     order by 1, a.attnum`,
  );
  return Map.groupBy(rows, ({ relation }) => relation);
};

export const readPublished = async (owner: pg.Pool): Promise<readonly string[]> => {
  const { rows } = await owner.query<{ name: string }>(
    `select tablename::text as name from pg_catalog.pg_publication_tables
     where pubname = 'supabase_realtime' and schemaname = 'durabase' order by 1`,
  );
  return rows.map(({ name }) => name);
};

export interface DatabaseFunction {
  readonly name: string;
  readonly returnsSet: boolean;
  readonly writes: boolean;
}

/** Every function that the Data API serves. */
export const readFunctions = async (owner: pg.Pool): Promise<readonly DatabaseFunction[]> => {
  const { rows } = await owner.query<DatabaseFunction>(
    `select proname::text as name, proretset as "returnsSet", provolatile = 'v' as writes from pg_catalog.pg_proc
     where pronamespace = 'durabase'::regnamespace and prorettype <> 'trigger'::regtype order by 1`,
  );
  return rows;
};
