import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { prepareDatabase } from './database.ts';
import { acquireLock, readLockHolder } from './lock-file.ts';
import { migrate, type MigrationReport } from './migrate.ts';
import { stopLeftoverPostgres } from './postgres.ts';
import { stopProcess } from './process-identity.ts';
import { openProcessRecord, stopLeftovers } from './process-record.ts';
import { loadSecrets, rolePasswords } from './secrets.ts';
import { lockPath, recordPath, secretsPath, startStack } from './stack.ts';
import { StackError } from './stack-error.ts';
import { describeAddresses, readStackFile, removeStackFile } from './stack-file.ts';
import { resolveFolders, type StackFolders, type StackOptions } from './stack-options.ts';

const USAGE = `usage: cli.ts <command> [options]

  start      start everything and stay; Ctrl+C stops it
  status     say where a running stack listens
  stop       stop the stack of this folder, also one that a crash left behind
  migrate    apply the migrations to the running stack, or to --url

options
  --state-dir <folder>        default .durabase
  --migrations-dir <folder>   default supabase/migrations
  --url <database>            migrate: any database, such as a Supabase project
  --free-ports                start: choose free ports
  --no-api, --no-worker       start: leave one out
  --verbose                   start: also show what API and worker print`;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const readArguments = () =>
  parseArgs({
    allowPositionals: true,
    allowNegative: true,
    options: {
      'state-dir': { type: 'string' },
      'migrations-dir': { type: 'string' },
      url: { type: 'string' },
      'free-ports': { type: 'boolean', default: false },
      api: { type: 'boolean', default: true },
      worker: { type: 'boolean', default: true },
      verbose: { type: 'boolean', default: false },
    },
  });

type Values = ReturnType<typeof readArguments>['values'];

const stackOptions = (values: Values): StackOptions => ({
  api: values.api,
  worker: values.worker,
  verbose: values.verbose,
  log: say,
  ...(values['free-ports'] ? { ports: 'free' as const } : {}),
  ...(values['state-dir'] === undefined ? {} : { stateDir: values['state-dir'] }),
  ...(values['migrations-dir'] === undefined ? {} : { migrationsDir: values['migrations-dir'] }),
});

const runStart = async (values: Values): Promise<void> => {
  const startedAtMs = Date.now();
  const stopWish = Promise.withResolvers<void>();
  let isUp = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      say(isUp ? 'stopping' : 'stopping as soon as everything is up');
      stopWish.resolve();
    });
  }
  const stack = await startStack(stackOptions(values));
  isUp = true;
  say(`\nDurabase is up (${((Date.now() - startedAtMs) / 1000).toFixed(1)} s)\n`);
  showTable([
    ...describeAddresses(stack),
    ['Keys and passwords', resolve(stack.stateDir, 'stack.json')],
    ['Logs', resolve(stack.stateDir, 'logs')],
  ]);
  say('\nCtrl+C stops it');
  await stopWish.promise;
  await stack.stop();
  say('stopped');
};

const runStatus = async (values: Values): Promise<void> => {
  const { stateDir } = resolveFolders(stackOptions(values));
  const holder = readLockHolder(lockPath(stateDir));
  const file = readStackFile(stateDir);
  if (holder === undefined || file === undefined) {
    say(holder === undefined ? 'not running' : `starting (pid ${holder.pid})`);
    process.exitCode = 1;
    return;
  }
  say(`running (pid ${holder.pid})`);
  showTable([
    ...describeAddresses(file),
    ...Object.entries(file.pids).map(([name, pid]) => [`pid of ${name}`, String(pid)] as const),
  ]);
};

const runStop = async (values: Values): Promise<void> => {
  const { stateDir } = resolveFolders(stackOptions(values));
  const holder = readLockHolder(lockPath(stateDir));
  if (holder !== undefined && !(await stopProcess(holder, [{ signal: 'SIGTERM', waitMs: 60_000 }])))
    throw new StackError(`The stack (pid ${holder.pid}) does not end. Its logs are in ${stateDir}/logs.`);
  await stopWhatIsLeft(stateDir);
  say('stopped');
};

const stopWhatIsLeft = async (stateDir: string): Promise<void> => {
  const lock = acquireLock(lockPath(stateDir));
  if (!lock.acquired) return;
  try {
    await stopLeftovers(openProcessRecord(recordPath(stateDir)), say);
    await stopLeftoverPostgres(stateDir, say);
    removeStackFile(stateDir);
  } finally {
    lock.release();
  }
};

const runMigrate = async (values: Values): Promise<void> => {
  const folders = resolveFolders(stackOptions(values));
  const { migrationsDir } = folders;
  const report =
    values.url === undefined ? await migrateStack(folders) : await migrate({ databaseUrl: values.url, migrationsDir });
  for (const name of report.applied) say(`applied ${name}`);
  for (const name of report.edited) say(`edited after it was applied: ${name}`);
  if (report.applied.length === 0) say('nothing to apply');
};

const migrateStack = async ({ stateDir, migrationsDir }: StackFolders): Promise<MigrationReport> => {
  const file = readStackFile(stateDir);
  if (file === undefined || readLockHolder(lockPath(stateDir)) === undefined)
    throw new StackError('No stack runs here. Start it (starting applies the migrations), or name a database with --url.');
  const passwords = rolePasswords(await loadSecrets(secretsPath(stateDir)));
  return prepareDatabase({ ownerUrl: file.urls.postgres, migrationsDir, passwords });
};

const showTable = (rows: readonly (readonly [string, string])[]): void => {
  const width = Math.max(...rows.map(([title]) => title.length));
  for (const [title, value] of rows) say(`  ${title.padEnd(width)}  ${value}`);
};

const COMMANDS: Readonly<Record<string, (values: Values) => Promise<void>>> = {
  start: runStart,
  status: runStatus,
  stop: runStop,
  migrate: runMigrate,
};

try {
  const { positionals, values } = readArguments();
  const command = COMMANDS[positionals[0] ?? ''];
  if (command === undefined) throw new StackError(USAGE);
  await command(values);
} catch (error) {
  // A stack trace helps nobody with a mistake in the settings; for anything else it is all there is.
  const isExpected = error instanceof StackError || (error instanceof TypeError && 'code' in error);
  process.stderr.write(
    `${isExpected ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
}
