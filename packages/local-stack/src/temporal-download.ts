import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { chmod, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { describeError } from './stack-error.ts';

export interface DownloadOptions {
  readonly target: string;
  readonly version: string;
  readonly onProgress: (text: string) => void;
}

const ANSWER_TIMEOUT_MS = 6_000;
const BODY_TIMEOUT_MS = 300_000;
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** Fetches the official archive. Returns why it did not work; undefined when `target` is there. */
export const downloadTemporal = async ({ target, version, onProgress }: DownloadOptions): Promise<string | undefined> => {
  const arch = ARCHITECTURES[process.arch];
  if (process.platform === 'win32' || arch === undefined)
    return `there is no archive for ${process.platform} ${process.arch} here`;
  const url = `https://temporal.download/cli/archive/v${version}?platform=${process.platform}&arch=${arch}`;
  const folder = await mkdtemp(`${target}.download-`);
  try {
    const problem = await fetchFile(url, join(folder, 'archive.tar.gz'), () => onProgress(`downloading Temporal ${version}`));
    if (problem !== undefined) return problem;
    await promisify(execFile)('tar', ['-xzf', 'archive.tar.gz', 'temporal'], { cwd: folder });
    await chmod(join(folder, 'temporal'), 0o755);
    await rename(join(folder, 'temporal'), target);
    return undefined;
  } catch (error) {
    return describeError(error);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

const fetchFile = async (url: string, path: string, onAnswer: () => void): Promise<string | undefined> => {
  const abort = new AbortController();
  let timer = setTimeout(() => abort.abort(new Error(`no answer in ${ANSWER_TIMEOUT_MS / 1000} s`)), ANSWER_TIMEOUT_MS);
  try {
    const answer = await fetch(url, { signal: abort.signal });
    if (!answer.ok || answer.body === null) return `status ${answer.status}`;
    clearTimeout(timer);
    timer = setTimeout(() => abort.abort(new Error('the download took too long')), BODY_TIMEOUT_MS);
    onAnswer();
    await pipeline(Readable.fromWeb(answer.body), createWriteStream(path));
    return undefined;
  } catch (error) {
    // fetch itself only says "fetch failed"; the reason is its cause.
    return describeError(abort.signal.reason ?? (error as { readonly cause?: unknown }).cause ?? error);
  } finally {
    clearTimeout(timer);
  }
};
