import { splitSqlStatements } from '@supabase/lite';
import pg from 'pg';
import { readMigrationFiles, type MigrationFile } from './migration-files.ts';
import { describeError, StackError } from './stack-error.ts';

export interface MigrateOptions {
  /** Any database; the role must own what the migrations change. */
  readonly databaseUrl: string;
  readonly migrationsDir: string;
}

export interface MigrationReport {
  /** File names, in the order in which this call applied them. */
  readonly applied: readonly string[];
  /** File names whose text is no longer the one that was applied earlier. */
  readonly edited: readonly string[];
}

interface HistoryRow {
  readonly version: string;
  readonly name: string | null;
  readonly statements: readonly string[] | null;
}

/** The table of the Supabase CLI, made as the CLI makes it: either tool can go on where the other stopped. */
const HISTORY = `
  create schema if not exists supabase_migrations;
  create table if not exists supabase_migrations.schema_migrations (version text not null primary key);
  alter table supabase_migrations.schema_migrations add column if not exists statements text[];
  alter table supabase_migrations.schema_migrations add column if not exists name text;`;

const LOCK_KEY = 7_220_000;

/** Applies the migrations that the database does not have yet, each in a transaction of its own. */
export const migrate = async ({ databaseUrl, migrationsDir }: MigrateOptions): Promise<MigrationReport> => {
  const files = readMigrationFiles(migrationsDir);
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await ensureHistory(client);
    const history = await readHistory(client);
    assertNoDrift(history, { files, migrationsDir });
    const known = new Map(history.map((row) => [row.version, row]));
    const applied: string[] = [];
    for (const file of files) {
      if (!known.has(file.version) && (await applyFile(client, file))) applied.push(file.fileName);
    }
    // PostgREST and our own endpoint read the schema anew.
    if (applied.length > 0) await client.query(`notify pgrst, 'reload schema'`);
    const edited = files.filter((file) => isEdited(file, known.get(file.version)));
    return { applied, edited: edited.map((file) => file.fileName) };
  } finally {
    await client.end();
  }
};

/** Before anything else makes the table: others would choose other column types. */
export const ensureHistory = async (client: pg.Client): Promise<void> => {
  await inTransaction(client, async () => {
    await client.query('select pg_advisory_xact_lock($1)', [LOCK_KEY]);
    const { rows } = await client.query<{ present: boolean }>(
      `select count(*) = 3 as present from information_schema.columns
        where table_schema = 'supabase_migrations' and table_name = 'schema_migrations' and column_name in ('version', 'statements', 'name')`,
    );
    if (rows[0]?.present !== true) await client.query(HISTORY);
  });
};

const readHistory = async (client: pg.Client): Promise<readonly HistoryRow[]> => {
  const { rows } = await client.query<HistoryRow>(
    'select version, name, statements from supabase_migrations.schema_migrations order by version',
  );
  return rows;
};

const assertNoDrift = (
  history: readonly HistoryRow[],
  { files, migrationsDir }: { readonly files: readonly MigrationFile[]; readonly migrationsDir: string },
): void => {
  const onDisk = new Set(files.map((file) => file.version));
  const missing = history.filter((row) => !onDisk.has(row.version)).map((row) => `${row.version}_${row.name ?? ''}.sql`);
  if (missing.length === 0) return;
  throw new StackError(
    `The database has migrations that are not in ${migrationsDir}: ${missing.join(', ')}. ` +
      'Get these files back (from version control, say), or use a fresh database.',
  );
};

/** False when another process has applied the file in the meantime. */
const applyFile = (client: pg.Client, { version, name, fileName, sql }: MigrationFile): Promise<boolean> =>
  inTransaction(client, async () => {
    await client.query('select pg_advisory_xact_lock($1)', [LOCK_KEY]);
    const { rowCount } = await client.query('select from supabase_migrations.schema_migrations where version = $1', [version]);
    if (rowCount !== 0) return false;
    try {
      await client.query(sql);
    } catch (error) {
      throw new StackError(
        `${fileName}${describeLine(error, sql)}: ${describeError(error)}. Nothing of this file was applied.`,
        error,
      );
    }
    await client.query('insert into supabase_migrations.schema_migrations (version, name, statements) values ($1, $2, $3)', [
      version,
      name,
      splitSqlStatements(sql),
    ]);
    return true;
  });

const inTransaction = async <T>(client: pg.Client, work: () => Promise<T>): Promise<T> => {
  await client.query('begin');
  try {
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
};

const describeLine = (error: unknown, sql: string): string => {
  if (!(error instanceof pg.DatabaseError) || error.position === undefined) return '';
  return `:${sql.slice(0, Number(error.position)).split('\n').length}`;
};

const isEdited = (file: MigrationFile, row: HistoryRow | undefined): boolean => {
  if (row?.statements === undefined || row.statements === null) return false;
  return essence(row.statements.join(';')) !== essence(splitSqlStatements(file.sql).join(';'));
};

/** Tools cut a file into statements at slightly different places. */
const essence = (sql: string): string => sql.replaceAll(/[\s;]+/g, '');
