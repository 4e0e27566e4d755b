import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { spawnLogged, readLogTail } from './spawn-logged.ts';
import { StackError } from './stack-error.ts';
import type { StackSettings } from './stack-options.ts';

/** What the pages are made of; when one of them has changed, the pages are made anew. */
const SOURCES = ['packages/dashboard', 'packages/client/src', 'packages/contracts/src'];
/** Beside the pages: which sources they were made of. */
const STAMP = 'sources.sha256';

/** Builds the dashboard where it is missing or was made of other sources. Says so: it takes some seconds. */
export const ensureDashboard = async (settings: StackSettings): Promise<void> => {
  const { projectDir, log } = settings;
  const folder = join(projectDir, 'packages/dashboard');
  if (!existsSync(join(folder, 'vite.config.ts'))) return; // another project: its API brings its own pages
  const built = join(folder, 'dist');
  const isThere = existsSync(join(built, 'index.html'));
  const sources = hashSources(projectDir);
  if (isThere && readStamp(built) === sources) return;
  log(isThere ? 'building the dashboard anew: its sources have changed' : 'building the dashboard, once');
  await build(settings, { folder, built, sources });
};

/** Beside, then put in place: another stack may be building, or serving, the same. */
const build = async (
  { projectDir, logsDir, env }: StackSettings,
  { folder, built, sources }: { readonly folder: string; readonly built: string; readonly sources: string },
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
  writeFileSync(join(fresh, STAMP), sources);
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

/** Of the content: times say nothing after a checkout or a copy. */
const hashSources = (projectDir: string): string => {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    const files = readdirSync(join(projectDir, source), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/\/(dist|node_modules)(\/|$)/.test(entry.parentPath))
      .map((entry) => join(entry.parentPath, entry.name));
    for (const file of files.sort()) hash.update(`${relative(projectDir, file)}\0`).update(readFileSync(file));
  }
  return hash.digest('hex');
};

const readStamp = (built: string): string | undefined => {
  const file = join(built, STAMP);
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
};
