import { execFile } from 'node:child_process';
import { chownSync, existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { postgresRootDir, preparePostgresHome, type PostgresHome } from './postgres-home.ts';
import { readTextIfPresent } from './private-file.ts';
import { commandLine, identifyProcess, stopProcess, type StopStep } from './process-identity.ts';
import { superviseProgram, type Program } from './program.ts';
import { spawnLogged } from './spawn-logged.ts';
import { describeError, StackError } from './stack-error.ts';

export interface PostgresOptions {
  readonly stateDir: string;
  readonly port: number;
  /** Hexadecimal. */
  readonly ownerPassword: string;
  /** A data folder that was made under another id is set aside and a new one is made. */
  readonly instanceId: string;
  readonly logFile: string;
  readonly log: (text: string) => void;
}

export interface Postgres {
  readonly program: Program;
  /** Superuser `postgres`, database `postgres`. */
  readonly ownerUrl: string;
  /** Stops the server and deletes its data. */
  destroy(): Promise<void>;
}

/** The smart parts of a shutdown are not for us: clients are cut off, then the server is told to drop everything. */
const STOP_STEPS: readonly StopStep[] = [
  { signal: 'SIGINT', waitMs: 10_000 },
  { signal: 'SIGQUIT', waitMs: 5_000 },
  { signal: 'SIGKILL', waitMs: 2_000 },
];

/** For a machine that does other things too. `fsync` and `synchronous_commit` stay on: what was accepted survives. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  shared_buffers: '256MB',
  work_mem: '8MB',
  maintenance_work_mem: '128MB',
  effective_cache_size: '1GB',
  random_page_cost: '1.1',
  jit: 'off',
  checkpoint_timeout: '15min',
  max_wal_size: '1GB',
  wal_compression: 'on',
  autovacuum_naptime: '15s',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '%m [%p] %q%u ',
};

const DATA_FOLDER = 'data';
const INSTANCE_FILE = 'durabase.instance';
/** In an empty environment messages are English and no PG* variable of the caller interferes. */
const ENVIRONMENT = { LC_ALL: 'C', PATH: '/usr/bin:/bin' };

/** Starts PostgreSQL 17 on loopback; a server that a crash has left on the same data is stopped first. */
export const startPostgres = async (options: PostgresOptions): Promise<Postgres> => {
  const { stateDir, port, ownerPassword, instanceId, logFile, log } = options;
  const home = preparePostgresHome(stateDir);
  const dataDir = join(home.rootDir, DATA_FOLDER);
  await stopLeftoverPostgres(stateDir, log);
  setForeignDataAside(dataDir, { instanceId, log });
  if (!existsSync(dataDir)) await createData(home, { dataDir, ownerPassword, instanceId });
  const program = superviseProgram({
    name: 'postgres',
    spawn: () =>
      spawnLogged({
        name: 'Postgres',
        command: join(home.programsDir, 'bin', 'postgres'),
        args: [
          '-D',
          dataDir,
          '-p',
          String(port),
          ...Object.entries(SETTINGS).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
        ],
        env: ENVIRONMENT,
        cwd: home.rootDir,
        logFile,
        user: home.user,
      }),
    isReady: (child) => isServing(dataDir, child.pid),
    readyTimeoutMs: 60_000,
    stopSteps: STOP_STEPS,
    logFile,
    log,
  });
  await program.start();
  return {
    program,
    ownerUrl: `postgres://postgres:${ownerPassword}@127.0.0.1:${port}/postgres`,
    destroy: async () => {
      await program.stop();
      rmSync(home.rootDir, { recursive: true, force: true });
    },
  };
};

/** Stops the server that `postmaster.pid` names, if it really is the one of this folder's data. */
export const stopLeftoverPostgres = async (stateDir: string, log: (text: string) => void): Promise<void> => {
  const dataDir = join(postgresRootDir(stateDir), DATA_FOLDER);
  const pidFile = join(dataDir, 'postmaster.pid');
  const pid = Number(readTextIfPresent(pidFile)?.split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 0) return;
  const identity = identifyProcess(pid);
  if (identity === undefined) return;
  if (commandLine(pid)?.includes(dataDir) !== true) {
    // The number was given to another program since; Postgres would refuse to start because of it.
    rmSync(pidFile, { force: true });
    return;
  }
  log(`stopping postgres (pid ${pid}), left behind by an earlier start`);
  if (!(await stopProcess(identity, STOP_STEPS)))
    throw new StackError(`Postgres (pid ${pid}), left behind by an earlier start, does not end. End it by hand.`);
};

/** The state folder was deleted but root's data lies elsewhere: the passwords no longer fit, so it is put aside. */
const setForeignDataAside = (
  dataDir: string,
  { instanceId, log }: { readonly instanceId: string; readonly log: (text: string) => void },
): void => {
  if (!existsSync(dataDir)) return;
  if (readTextIfPresent(join(dataDir, INSTANCE_FILE)) === instanceId) return;
  const aside = `${dataDir}.previous`;
  rmSync(aside, { recursive: true, force: true });
  renameSync(dataDir, aside);
  log(`the database of a deleted state folder was moved to ${aside}`);
};

const createData = async (
  home: PostgresHome,
  {
    dataDir,
    ownerPassword,
    instanceId,
  }: { readonly dataDir: string; readonly ownerPassword: string; readonly instanceId: string },
): Promise<void> => {
  const draft = `${dataDir}.new`;
  const passwordFile = join(home.rootDir, 'owner-password');
  rmSync(draft, { recursive: true, force: true });
  writeFileSync(passwordFile, ownerPassword, { mode: 0o600 });
  if (home.user !== undefined) chownSync(passwordFile, home.user.uid, home.user.gid);
  const args = ['-D', draft, '-U', 'postgres', '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  const locale = ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
  try {
    await promisify(execFile)(join(home.programsDir, 'bin', 'initdb'), [...args, ...locale], {
      cwd: home.rootDir,
      env: ENVIRONMENT,
      ...(home.user === undefined ? {} : { uid: home.user.uid, gid: home.user.gid }),
    });
  } catch (error) {
    throw new StackError(`Postgres could not create its data folder ${draft}: ${describeError(error)}`, error);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  writeFileSync(join(draft, INSTANCE_FILE), instanceId);
  renameSync(draft, dataDir);
};

/** Postgres writes its state into the eighth line of its pid file; reading it costs less than connecting. */
const isServing = (dataDir: string, pid: number | undefined): boolean => {
  const path = join(dataDir, 'postmaster.pid');
  if (statSync(path, { throwIfNoEntry: false }) === undefined) return false;
  const lines = readFileSync(path, 'utf8').split('\n');
  return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
};
