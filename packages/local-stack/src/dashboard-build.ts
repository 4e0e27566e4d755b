import { once } from 'node:events';
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { spawnLogged, readLogTail } from './spawn-logged.ts';
import { StackError } from './stack-error.ts';
import type { StackSettings } from './stack-options.ts';

/** What the pages are made of; when one of them is newer than the pages, these are made anew. */
const SOURCES = ['packages/dashboard', 'packages/client/src', 'packages/contracts/src'];

/** Builds the dashboard where it is missing or older than its sources. Says so: it takes some seconds. */
export const ensureDashboard = async (settings: StackSettings): Promise<void> => {
  const { projectDir, log } = settings;
  const folder = join(projectDir, 'packages/dashboard');
  if (!existsSync(join(folder, 'vite.config.ts'))) return; // another project: its API brings its own pages
  const built = join(folder, 'dist');
  const isThere = existsSync(join(built, 'index.html'));
  if (isThere && statSync(join(built, 'index.html')).mtimeMs >= newestOf(projectDir)) return;
  log(isThere ? 'building the dashboard anew: its sources have changed' : 'building the dashboard, once');
  await build(settings, { folder, built });
};

/** Beside, then put in place: another stack may be building, or serving, the same. */
const build = async (
  { projectDir, logsDir, env }: StackSettings,
  { folder, built }: { readonly folder: string; readonly built: string },
): Promise<void> => {
  const fresh = join(folder, `node_modules/.built-${process.pid}`);
  const logFile = join(logsDir, 'dashboard-build.log');
  const vite = join(projectDir, 'node_modules/vite/bin/vite.js');
  const args = [vite, 'build', '--outDir', fresh, '--emptyOutDir', '--logLevel', 'warn'];
  const child = await spawnLogged({
    name: 'the build of the dashboard',
    command: process.execPath,
    args,
    env: toEnv(env),
    cwd: folder,
    logFile,
  });
  await once(child, 'exit');
  if (child.exitCode !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    throw new StackError(`The dashboard cannot be built. Is npm install done?\n${readLogTail(logFile)}`);
  }
  rmSync(built, { recursive: true, force: true });
  try {
    renameSync(fresh, built);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(join(built, 'index.html'))) throw error; // else another stack was faster, with the same
  }
};

/** Test runners set both, and a build must not depend on them. */
const toEnv = ({ NODE_ENV: _mode, NODE_OPTIONS: _options, ...env }: NodeJS.ProcessEnv): NodeJS.ProcessEnv => env;

const newestOf = (projectDir: string): number =>
  Math.max(
    ...SOURCES.flatMap((source) =>
      readdirSync(join(projectDir, source), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !/\/(dist|node_modules)/.test(entry.parentPath))
        .map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs),
    ),
  );
