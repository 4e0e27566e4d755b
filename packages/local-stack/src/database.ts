import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { connectLite, createLite } from './lite.ts';
import { ensureHistory, migrate, type MigrationReport } from './migrate.ts';
import { StackError } from './stack-error.ts';

/** Passwords of the login roles. Hexadecimal, because they become part of SQL text. */
export interface RolePasswords {
  readonly lite: string;
  readonly engine: string;
  readonly gateway: string;
  readonly realtime: string;
}

export interface PrepareDatabaseOptions {
  readonly ownerUrl: string;
  readonly migrationsDir: string;
  readonly passwords: RolePasswords;
}

export interface PreparedDatabase extends MigrationReport {
  /** Whether the migrations have made the roles of worker and API. */
  readonly hasProductRoles: boolean;
}

export const ROLE_NAMES = {
  lite: 'lite_api',
  engine: 'durabase_engine',
  gateway: 'durabase_gateway',
  realtime: 'realtime_server',
} as const;

/** Makes of an empty database what a Supabase project is, then applies the migrations. Local stack only. */
export const prepareDatabase = async ({
  ownerUrl,
  migrationsDir,
  passwords,
}: PrepareDatabaseOptions): Promise<PreparedDatabase> => {
  const owner = new pg.Client({ connectionString: ownerUrl });
  await owner.connect();
  try {
    await ensureHistory(owner);
    await ensureSystemSchema(ownerUrl);
    await owner.query(readSql('bootstrap.sql'));
    await owner.query(readSql('realtime.sql'));
    const isNew = (await owner.query('select 1 from supabase_migrations.schema_migrations limit 1')).rowCount === 0;
    const report = await migrate({ databaseUrl: ownerUrl, migrationsDir });
    await owner.query(readSql('after.sql'));
    if (isNew) await seed(owner, migrationsDir);
    const found = await setPasswords(owner, passwords);
    return { ...report, hasProductRoles: found.has('engine') && found.has('gateway') };
  } finally {
    await owner.end();
  }
};

/** As the Supabase CLI does: once, after the first migrations, from the file beside their folder. */
const seed = async (owner: pg.Client, migrationsDir: string): Promise<void> => {
  const file = join(dirname(migrationsDir), 'seed.sql');
  if (existsSync(file)) await owner.query(readFileSync(file, 'utf8'));
};

/** What PostgREST, and our endpoint, take as the sign to read the schema anew. */
export const notifySchemaChange = async (databaseUrl: string): Promise<void> => {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await client.query(`notify pgrst, 'reload schema'`);
  } finally {
    await client.end();
  }
};

const ensureSystemSchema = async (ownerUrl: string): Promise<void> => {
  const connection = connectLite(ownerUrl, 1);
  try {
    const unused = 'not used while the schema is made';
    await createLite(connection, {
      jwtSecret: unused,
      publishableKey: unused,
      secretKey: unused,
      siteUrl: '',
      schemas: ['public'],
    }).ensureSystemSchema();
  } finally {
    await connection.close();
  }
};

const setPasswords = async (owner: pg.Client, passwords: RolePasswords): Promise<ReadonlySet<keyof RolePasswords>> => {
  const { rows } = await owner.query<{ rolname: string }>('select rolname from pg_catalog.pg_roles where rolname = any($1)', [
    Object.values(ROLE_NAMES),
  ]);
  const present = new Set(rows.map((row) => row.rolname));
  const found = new Set<keyof RolePasswords>();
  for (const key of ['lite', 'engine', 'gateway', 'realtime'] as const) {
    if (!present.has(ROLE_NAMES[key])) continue;
    if (!/^[0-9a-f]+$/.test(passwords[key])) throw new StackError(`The password of ${ROLE_NAMES[key]} is not hexadecimal.`);
    await owner.query(`alter role ${ROLE_NAMES[key]} login password '${passwords[key]}'`);
    found.add(key);
  }
  return found;
};

const readSql = (name: string): string => readFileSync(new URL(`../sql/${name}`, import.meta.url), 'utf8');
