import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { freePorts, migrate, startPostgres, type Postgres } from '../../packages/local-stack/src/index.ts';
import { makeTempFolder, writeMigrations } from './temp-folder.ts';

const folder = makeTempFolder();
let postgres: Postgres;
let databaseCount = 0;

beforeAll(async () => {
  const [port = 0] = await freePorts(1);
  const logFile = join(folder.path, 'postgres.log');
  postgres = await startPostgres({
    stateDir: folder.path,
    port,
    ownerPassword: 'abc123',
    instanceId: 'one',
    logFile,
    log: () => {},
  });
});

afterAll(async () => {
  await postgres.destroy();
  folder.remove();
});

const query = async (url: string, sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
};

const freshDatabase = async (
  files: Readonly<Record<string, string>>,
): Promise<{ databaseUrl: string; migrationsDir: string }> => {
  databaseCount += 1;
  const name = `migrate_${databaseCount}`;
  await query(postgres.ownerUrl, `create database ${name}`);
  const databaseUrl = postgres.ownerUrl.replace(/\/postgres$/, `/${name}`);
  return { databaseUrl, migrationsDir: writeMigrations(join(folder.path, name), files) };
};

const TWO_FILES = {
  '20260101000000_create_fruits.sql': "create table fruits (name text);\ninsert into fruits values ('a;b');",
  '20260102000000_add_colour.sql': 'alter table fruits add colour text;',
};

describe('migrate', () => {
  it('applies each file once and records version, name and statements', async () => {
    const target = await freshDatabase(TWO_FILES);
    expect(await migrate(target)).toEqual({ applied: Object.keys(TWO_FILES), edited: [] });
    expect(await migrate(target)).toEqual({ applied: [], edited: [] });
    expect(await query(target.databaseUrl, 'select name, colour from fruits')).toEqual([{ name: 'a;b', colour: null }]);
    const history = 'select version, name, statements from supabase_migrations.schema_migrations order by version';
    expect(await query(target.databaseUrl, history)).toEqual([
      {
        version: '20260101000000',
        name: 'create_fruits',
        statements: ['create table fruits (name text)', "insert into fruits values ('a;b')"],
      },
      { version: '20260102000000', name: 'add_colour', statements: ['alter table fruits add colour text'] },
    ]);
  });

  it('applies each file once when two processes migrate together', async () => {
    const target = await freshDatabase(TWO_FILES);
    const reports = await Promise.all([migrate(target), migrate(target), migrate(target)]);
    expect(reports.flatMap((report) => report.applied).toSorted()).toEqual(Object.keys(TWO_FILES).toSorted());
  });

  it('refuses when an applied file is gone', async () => {
    const target = await freshDatabase(TWO_FILES);
    await migrate(target);
    rmSync(join(target.migrationsDir, '20260102000000_add_colour.sql'));
    await expect(migrate(target)).rejects.toThrow('20260102000000_add_colour.sql');
  });

  it('names files that were edited after they were applied', async () => {
    const target = await freshDatabase(TWO_FILES);
    await migrate(target);
    writeFileSync(join(target.migrationsDir, '20260102000000_add_colour.sql'), 'alter table fruits add colour varchar;');
    expect((await migrate(target)).edited).toEqual(['20260102000000_add_colour.sql']);
  });

  it('undoes a failing file, keeps those before it and names the line', async () => {
    const target = await freshDatabase({
      ...TWO_FILES,
      '20260103000000_break.sql': 'create table berries ();\n\nselect nonsense;',
    });
    await expect(migrate(target)).rejects.toThrow('20260103000000_break.sql:3: column "nonsense" does not exist');
    expect(await query(target.databaseUrl, "select to_regclass('berries') as berries, to_regclass('fruits') as fruits")).toEqual([
      { berries: null, fruits: 'fruits' },
    ]);
  });

  it('refuses a file whose name is not a version', async () => {
    const target = await freshDatabase({ 'fruits.sql': 'select 1' });
    await expect(migrate(target)).rejects.toThrow('is not named <14 digits>_<name>.sql');
  });
});
