import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { acquireLock } from './lock-file.ts';
import { describeError, StackError } from './stack-error.ts';
import { buildTemporal } from './temporal-build.ts';
import { downloadTemporal } from './temporal-download.ts';

export const TEMPORAL_VERSION = '1.8.2';

export interface TemporalBinary {
  readonly path: string;
  /** Version of the server inside, such as `1.31.2`. Its database files fit no other version. */
  readonly serverVersion: string;
}

export interface FindTemporalOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress: (text: string) => void;
}

/** The oldest CLI that knows every flag we give it. */
const OLDEST_VERSION = [1, 8, 0] as const;
const LOCK_POLL_MS = 500;

/** Finds Temporal's program: the setting, PATH, the cache; else downloads it, else builds it, into the cache. */
export const findTemporal = async ({ env, onProgress }: FindTemporalOptions): Promise<TemporalBinary> => {
  const configured = env['DURABASE_TEMPORAL_BIN'];
  if (configured !== undefined && configured !== '') return inspectConfigured(configured);
  const onPath = findOnPath(env);
  if (onPath !== undefined) {
    const binary = await inspectFound(onPath, onProgress);
    if (binary !== undefined) return binary;
  }
  const cacheDir = cacheFolder(env);
  const cached = join(cacheDir, programName(`temporal-${TEMPORAL_VERSION}`));
  if (!existsSync(cached)) await fillCache(cached, { cacheDir, env, onProgress });
  return inspectConfigured(cached);
};

export const cacheFolder = (env: NodeJS.ProcessEnv): string => {
  const base = env['XDG_CACHE_HOME'];
  return join(base !== undefined && base !== '' ? base : join(env['HOME'] ?? homedir(), '.cache'), 'durabase');
};

const fillCache = async (
  target: string,
  { cacheDir, env, onProgress }: FindTemporalOptions & { readonly cacheDir: string },
): Promise<void> => {
  mkdirSync(cacheDir, { recursive: true });
  const lock = await waitForLock(`${target}.lock`, onProgress);
  try {
    // Another process may have made it while we waited.
    if (existsSync(target)) return;
    const downloadProblem = await downloadTemporal({ target, version: TEMPORAL_VERSION, onProgress });
    if (downloadProblem === undefined) return;
    onProgress(
      `Temporal ${TEMPORAL_VERSION} cannot be downloaded (${downloadProblem}); building it with Go, which takes some minutes once`,
    );
    await buildTemporal({ target, version: TEMPORAL_VERSION, env, onProgress });
  } finally {
    lock.release();
  }
};

const waitForLock = async (path: string, onProgress: (text: string) => void): Promise<{ readonly release: () => void }> => {
  for (let isTold = false; ; isTold = true) {
    const answer = acquireLock(path);
    if (answer.acquired) return answer;
    if (!isTold) onProgress(`waiting for process ${answer.holder.pid}, which is fetching Temporal`);
    await delay(LOCK_POLL_MS);
  }
};

const findOnPath = (env: NodeJS.ProcessEnv): string | undefined =>
  (env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, programName('temporal')))
    .find(isExecutable);

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

const programName = (name: string): string => (process.platform === 'win32' ? `${name}.exe` : name);

const inspectConfigured = async (path: string): Promise<TemporalBinary> => {
  const { serverVersion } = await readVersions(path);
  return { path, serverVersion };
};

/** A program that merely lies in the PATH is passed over when it is too old. */
const inspectFound = async (path: string, onProgress: (text: string) => void): Promise<TemporalBinary | undefined> => {
  const { cliVersion, serverVersion } = await readVersions(path);
  if (isRecentEnough(cliVersion)) return { path, serverVersion };
  onProgress(`${path} is version ${cliVersion}, older than ${OLDEST_VERSION.join('.')}: not used`);
  return undefined;
};

const readVersions = async (path: string): Promise<{ readonly cliVersion: string; readonly serverVersion: string }> => {
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { encoding: 'utf8', timeout: 20_000 });
    const match = /version (\S+) \(Server ([^,\s)]+)/.exec(stdout);
    const [, cliVersion, serverVersion] = match ?? [];
    if (cliVersion === undefined || serverVersion === undefined) throw new StackError(`it says "${stdout.trim()}"`);
    return { cliVersion, serverVersion };
  } catch (error) {
    throw new StackError(
      `${path} is not a usable Temporal CLI (${describeError(error)}). Set DURABASE_TEMPORAL_BIN to a working one, or delete the file.`,
      error,
    );
  }
};

const isRecentEnough = (version: string): boolean => {
  const parts = version.split('.').map((part) => Number.parseInt(part, 10));
  const index = OLDEST_VERSION.findIndex((oldest, at) => parts[at] !== oldest);
  return index === -1 || (parts[index] ?? 0) > (OLDEST_VERSION[index] ?? 0);
};
