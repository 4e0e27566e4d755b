import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describeError, StackError } from './stack-error.ts';

export interface BuildOptions {
  readonly target: string;
  readonly version: string;
  readonly env: NodeJS.ProcessEnv;
  readonly onProgress: (text: string) => void;
}

const MODULE_DIR = fileURLToPath(new URL('../../../tools/temporal/', import.meta.url));
const PACKAGE = 'github.com/temporalio/cli/cmd/temporal';
const PROGRESS_INTERVAL_MS = 5_000;
const KEPT_LINE_COUNT = 20;

/** Builds Temporal's program from the pinned module, in a copy of its folder so that the repository stays as it is. */
export const buildTemporal = async ({ target, version, env, onProgress }: BuildOptions): Promise<void> => {
  await assertGo(version, env);
  const folder = await mkdtemp(`${target}.build-`);
  try {
    await cp(join(MODULE_DIR, 'go.mod'), join(folder, 'go.mod'));
    await cp(join(MODULE_DIR, 'go.sum'), join(folder, 'go.sum'));
    const ldflags = `-s -w -X github.com/temporalio/cli/internal/temporalcli.Version=${version}`;
    // -v names every package as it is compiled; from that comes the progress.
    const args = ['build', '-v', '-mod=mod', '-ldflags', ldflags, '-o', join(folder, 'temporal'), PACKAGE];
    await runGo(args, { folder, env, onProgress });
    await rename(join(folder, 'temporal'), target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const assertGo = async (version: string, env: NodeJS.ProcessEnv): Promise<void> => {
  try {
    await promisify(execFile)('go', ['version'], { env });
  } catch (error) {
    throw new StackError(
      `The Temporal CLI was neither found nor could it be downloaded or built. Do one of these: install it (version ${version}), ` +
        'set DURABASE_TEMPORAL_BIN to its program, or install Go 1.26 so that it can be built.',
      error,
    );
  }
};

const runGo = async (
  args: readonly string[],
  { folder, env, onProgress }: Pick<BuildOptions, 'env' | 'onProgress'> & { readonly folder: string },
): Promise<void> => {
  const child = spawn('go', args, { cwd: folder, env: { ...env, CGO_ENABLED: '0' }, stdio: ['ignore', 'ignore', 'pipe'] });
  const lastLines: string[] = [];
  let downloadedCount = 0;
  let compiledCount = 0;
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.startsWith('go: downloading')) downloadedCount += 1;
    else compiledCount += 1;
    lastLines.push(line);
    if (lastLines.length > KEPT_LINE_COUNT) lastLines.shift();
  });
  const startedAtMs = Date.now();
  const timer = setInterval(() => {
    const seconds = Math.round((Date.now() - startedAtMs) / 1000);
    onProgress(`building Temporal: ${downloadedCount} modules fetched, ${compiledCount} packages compiled, ${seconds} s`);
  }, PROGRESS_INTERVAL_MS);
  try {
    await once(child, 'close');
  } catch (error) {
    throw new StackError(`Go cannot be started: ${describeError(error)}`, error);
  } finally {
    clearInterval(timer);
  }
  if (child.exitCode !== 0) throw new StackError(`Building Temporal failed. The end of Go's output:\n${lastLines.join('\n')}`);
};
