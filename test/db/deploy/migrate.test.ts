import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { useDatabase } from '../../support/use-database.ts';

const ROOT = join(import.meta.dirname, '../../..');
const files = readdirSync(join(ROOT, 'supabase/migrations')).filter((name) => name.endsWith('.sql'));
const database = useDatabase();

/** The roles belong to the whole server: other tests log in with these passwords too. */
const passwordOf = (url: string): string => new URL(url).password;
const migrate = (changes: Readonly<Record<string, string>> = {}) =>
  promisify(execFile)(process.execPath, [join(ROOT, 'deploy/migrate.mjs')], {
    env: {
      DATABASE_URL: database.urls.ownerUrl,
      ENGINE_PASSWORD: passwordOf(database.urls.engineUrl),
      GATEWAY_PASSWORD: passwordOf(database.urls.gatewayUrl),
      ...changes,
    },
  });
const applied = async (): Promise<readonly string[]> =>
  (
    await database.owner.query<{ file: string }>(
      "select version || '_' || name || '.sql' as file from supabase_migrations.schema_migrations order by version",
    )
  ).rows.map(({ file }) => file);

/** A project of Supabase in which nothing of ours is. */
const forgetProduct = async (): Promise<void> => {
  await database.owner.query(`drop schema durabase, durabase_private cascade;
    drop policy if exists durabase_never_send on realtime.messages; drop policy if exists durabase_only_listen on realtime.messages;
    drop policy if exists durabase_listen on realtime.messages; truncate supabase_migrations.schema_migrations`);
};

describe('deploy/migrate.mjs', () => {
  it('applies every migration to a project without ours, and none twice', async () => {
    await forgetProduct();
    expect((await migrate()).stdout.trim().split('\n')).toEqual(files.map((file) => `applied ${file}`));
    expect(await applied()).toEqual(files);
    expect((await migrate()).stdout).toBe('');
    const engine = new pg.Client({ connectionString: database.urls.engineUrl });
    await engine.connect();
    await engine.end();
  }, 60_000);

  it('takes no password that could end the statement', async () => {
    await expect(migrate({ ENGINE_PASSWORD: "x' superuser --" })).rejects.toThrow(/the password of durabase_engine must have/);
  });

  it('says which file failed, and leaves nothing of it', async () => {
    await forgetProduct();
    await database.owner.query('create schema durabase; create table durabase.tasks (id int)');
    await expect(migrate()).rejects.toThrow(/000300_create_tasks\.sql: relation "tasks" already exists/);
    expect(await applied()).toEqual(files.slice(0, 2));
  }, 60_000);
});
