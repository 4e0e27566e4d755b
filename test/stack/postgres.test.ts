import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { freePorts, startPostgres, type Postgres, type PostgresOptions } from '../../packages/local-stack/src/index.ts';
import { makeTempFolder, type TempFolder } from './temp-folder.ts';

const NOBODY = 65_534;
const RUN_POSTGRES = join(import.meta.dirname, 'programs/run-postgres.ts');

const folders: TempFolder[] = [];
const servers: Postgres[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.destroy();
  for (const folder of folders.splice(0)) folder.remove();
});

const newFolder = (): string => {
  const folder = makeTempFolder();
  folders.push(folder);
  return folder.path;
};

const start = async (stateDir: string, options: Partial<PostgresOptions> = {}): Promise<Postgres> => {
  const [port = 0] = await freePorts(1);
  const logFile = join(stateDir, 'postgres.log');
  const postgres = await startPostgres({
    stateDir,
    port,
    ownerPassword: 'abc123',
    instanceId: 'one',
    logFile,
    log: () => {},
    ...options,
  });
  servers.push(postgres);
  return postgres;
};

const query = async ({ ownerUrl }: Postgres, sql: string): Promise<readonly unknown[]> => {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
};

/** A clone in a private home is closed to other users; then there is nothing to try. */
const asNobody = ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups'];
const canRunAsNobody =
  process.getuid?.() === 0 && spawnSync('setpriv', [...asNobody, process.execPath, '--check', RUN_POSTGRES]).status === 0;

describe('startPostgres', () => {
  it('serves PostgreSQL 17 that loses no commit', async () => {
    const rows = await query(
      await start(newFolder()),
      `select current_setting('server_version_num')::int / 10000 as version, current_setting('fsync') as fsync,
         current_setting('synchronous_commit') as commit, current_setting('max_connections') as connections,
         current_setting('listen_addresses') as addresses`,
    );
    expect(rows).toEqual([{ version: 17, fsync: 'on', commit: 'on', connections: '200', addresses: '127.0.0.1' }]);
  });

  it('keeps its data when it is started again', async () => {
    const stateDir = newFolder();
    const first = await start(stateDir);
    await query(first, 'create table kept as select 42 as answer');
    await first.program.stop();
    expect(await query(await start(stateDir), 'select answer from kept')).toEqual([{ answer: 42 }]);
  });

  it('puts the data of a deleted state aside', async () => {
    const stateDir = newFolder();
    const first = await start(stateDir);
    await query(first, 'create table kept ()');
    await first.program.stop();
    const log: string[] = [];
    const second = await start(stateDir, { instanceId: 'two', ownerPassword: 'def456', log: (text) => log.push(text) });
    expect(await query(second, "select to_regclass('kept') as kept")).toEqual([{ kept: null }]);
    expect(log).toEqual([expect.stringContaining('.previous')]);
  });

  it('does not leave its password on disk', async () => {
    const stateDir = newFolder();
    const [row] = (await query(await start(stateDir), "select current_setting('data_directory') as dir")) as [{ dir: string }];
    expect(existsSync(join(row.dir, '../owner-password'))).toBe(false);
  });

  (canRunAsNobody ? it : it.skip)('keeps everything in the state folder for an ordinary user', () => {
    const stateDir = newFolder();
    chownSync(stateDir, NOBODY, NOBODY);
    chmodSync(stateDir, 0o700);
    const { stdout, stderr } = spawnSync('setpriv', [...asNobody, process.execPath, RUN_POSTGRES, stateDir], {
      encoding: 'utf8',
      cwd: stateDir,
    });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ uid: NOBODY, dataDir: join(stateDir, 'postgres/data') });
  });
});
