import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { freePorts } from '../../packages/local-stack/src/ports.ts';
import { prepareDatabase } from '../../packages/local-stack/src/database.ts';
import { startPostgres } from '../../packages/local-stack/src/postgres.ts';
import { findTemporal } from '../../packages/local-stack/src/temporal-binary.ts';
import { startTemporal } from '../../packages/local-stack/src/temporal.ts';
import { TEST_ENV } from './test-env.ts';

type Close = () => Promise<void>;

interface SharedServers {
  readonly closers: Close[];
  postgres?: Promise<void>;
  temporal?: Promise<void>;
}

const KEY = Symbol.for('durabase.test.shared-servers');
const MIGRATIONS_DIR = join(import.meta.dirname, '../../supabase/migrations');
const SEED_FILE = join(import.meta.dirname, '../../supabase/seed.sql');

/** Setup and teardown are loaded apart from each other; the process is what they have in common. */
const shared = (): SharedServers => {
  const holder = globalThis as typeof globalThis & { [KEY]?: SharedServers };
  return (holder[KEY] ??= { closers: [] });
};

/** One Postgres for all test files, with a template that has the migrations and the seed. Started once, however often asked. */
export const sharePostgres = (): Promise<void> => (shared().postgres ??= preparePostgres());

/** One Temporal server for all test files. Started once, however often asked. */
export const shareTemporal = (): Promise<void> => (shared().temporal ??= prepareTemporal());

export const closeSharedServers = async (): Promise<void> => {
  const { closers } = shared();
  for (const close of closers.splice(0).toReversed()) await close();
};

const preparePostgres = async (): Promise<void> => {
  const ownerUrl = process.env[TEST_ENV.ownerUrl] ?? (await startOwnPostgres());
  const templateName = `durabase_template_${process.pid}`;
  const password = randomBytes(12).toString('hex');
  await runAsOwner(ownerUrl, `create database ${templateName}`);
  shared().closers.push(() => runAsOwner(ownerUrl, `drop database if exists ${templateName} with (force)`));
  const templateUrl = new URL(ownerUrl);
  templateUrl.pathname = templateName;
  const passwords = { lite: password, engine: password, gateway: password, realtime: password };
  await prepareDatabase({ ownerUrl: templateUrl.href, migrationsDir: MIGRATIONS_DIR, passwords });
  await runAsOwner(templateUrl.href, readFileSync(SEED_FILE, 'utf8'));
  process.env[TEST_ENV.ownerUrl] = ownerUrl;
  process.env[TEST_ENV.templateName] = templateName;
  process.env[TEST_ENV.rolePassword] = password;
};

const startOwnPostgres = async (): Promise<string> => {
  const stateDir = makeStateDir();
  const [port = 0] = await freePorts(1);
  const postgres = await startPostgres({
    stateDir,
    port,
    ownerPassword: randomBytes(12).toString('hex'),
    instanceId: randomBytes(8).toString('hex'),
    logFile: join(stateDir, 'postgres.log'),
    log: () => {},
  });
  shared().closers.push(() => postgres.destroy());
  // Nothing here has to survive a power cut.
  await runAsOwner(postgres.ownerUrl, 'alter system set fsync = off');
  await runAsOwner(postgres.ownerUrl, 'select pg_reload_conf()');
  return postgres.ownerUrl;
};

const prepareTemporal = async (): Promise<void> => {
  const namespace = 'durabase';
  process.env[TEST_ENV.temporalAddress] ??= await startOwnTemporal(namespace);
  process.env[TEST_ENV.temporalNamespace] ??= namespace;
};

const startOwnTemporal = async (namespace: string): Promise<string> => {
  const stateDir = makeStateDir();
  const { path } = await findTemporal({ env: process.env, onProgress: () => {} });
  const [port = 0, httpPort = 0, metricsPort = 0] = await freePorts(3);
  const { program, address } = await startTemporal({
    binaryPath: path,
    port,
    httpPort,
    metricsPort,
    namespace,
    cwd: stateDir,
    env: process.env,
    logFile: join(stateDir, 'temporal.log'),
    log: () => {},
  });
  shared().closers.push(() => program.stop());
  return address;
};

const makeStateDir = (): string => {
  const stateDir = mkdtempSync(join(tmpdir(), 'durabase-test-'));
  shared().closers.push(async () => rmSync(stateDir, { recursive: true, force: true }));
  return stateDir;
};

const runAsOwner = async (url: string, sql: string): Promise<void> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
};
