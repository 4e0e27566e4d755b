// Applies supabase/migrations to DATABASE_URL, each file in a transaction, and lets our two roles log in. Can be run again; keeps the history
// of the Supabase CLI, so that either can go on where the other stopped.
import { readdirSync, readFileSync } from 'node:fs';
import pg from 'pg';

const FOLDER = new URL('../supabase/migrations/', import.meta.url);
/** The same as the local stack's: one applies at a time. */
const LOCK_KEY = 7_220_000;
const HISTORY = `
  create schema if not exists supabase_migrations;
  create table if not exists supabase_migrations.schema_migrations (version text not null primary key);
  alter table supabase_migrations.schema_migrations add column if not exists statements text[];
  alter table supabase_migrations.schema_migrations add column if not exists name text;`;

const { DATABASE_URL, ENGINE_PASSWORD, GATEWAY_PASSWORD } = process.env;

async function applyAll(client) {
  await client.query(HISTORY);
  const { rows } = await client.query('select version from supabase_migrations.schema_migrations');
  const known = new Set(rows.map((row) => row.version));
  for (const file of readdirSync(FOLDER)
    .filter((name) => name.endsWith('.sql'))
    .toSorted()) {
    const [, version, name] = /^(\d{14})_(.+)\.sql$/.exec(file) ?? [];
    if (version === undefined) throw new Error(`${file} is not named <14 digits>_<name>.sql: rename it`);
    if (known.has(version)) continue;
    await applyOne(client, { file, version, name });
  }
}

async function applyOne(client, { file, version, name }) {
  const sql = readFileSync(new URL(file, FOLDER), 'utf8');
  await client.query('begin');
  try {
    await client.query(sql);
    await client.query('insert into supabase_migrations.schema_migrations (version, name, statements) values ($1, $2, $3)', [
      version,
      name,
      [sql],
    ]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw new Error(`${file}: ${error.message}. Nothing of this file was applied`, { cause: error });
  }
  process.stdout.write(`applied ${file}\n`);
}

/** Passwords become part of the statement: `alter role` takes no parameters. */
async function letIn(client, role, password) {
  if (!/^[\w-]{8,}$/.test(password ?? ''))
    throw new Error(`the password of ${role} must have 8 letters, digits, _ or - at least: generate-secrets.mjs makes one`);
  await client.query(`alter role ${role} login password '${password}'`);
}

const client = new pg.Client({ connectionString: DATABASE_URL });
await client.connect();
try {
  await client.query('select pg_advisory_lock($1)', [LOCK_KEY]);
  await applyAll(client);
  await letIn(client, 'durabase_engine', ENGINE_PASSWORD);
  await letIn(client, 'durabase_gateway', GATEWAY_PASSWORD);
  await client.query("notify pgrst, 'reload schema'");
} finally {
  await client.end();
}
