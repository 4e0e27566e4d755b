import { readFile, readdir } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const compress = promisify(gzip);

/** One file as it is sent. */
export interface DashboardFile {
  readonly type: string;
  readonly body: Buffer;
  /** undefined: it does not get smaller. */
  readonly compressed: Buffer | undefined;
  /** Its name holds the hash of its content. */
  readonly isHashed: boolean;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
};
const TEXT = /^text\/|svg/;

/**
 * Everything that was built, by path. Held in memory, a megabyte: a request never names a file of the disk, so that no
 * spelling of a path can leave the folder. undefined: nothing was built.
 */
export async function readFiles(folder: string): Promise<ReadonlyMap<string, DashboardFile> | undefined> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const files = entries.filter((entry) => entry.isFile() && TYPES[extname(entry.name)] !== undefined);
  if (files.length === 0) return undefined;
  const read = files.map(async (entry) => {
    const path = join(entry.parentPath, entry.name);
    const address = `/${relative(folder, path).split(sep).join('/')}`;
    return [address, await readOne(path, address)] as const;
  });
  return new Map(await Promise.all(read));
}

async function readOne(path: string, address: string): Promise<DashboardFile> {
  const type = TYPES[extname(path)] ?? 'application/octet-stream';
  const body = await readFile(path);
  return {
    type,
    body,
    compressed: TEXT.test(type) ? await compress(body) : undefined,
    isHashed: address.startsWith('/assets/'),
  };
}
