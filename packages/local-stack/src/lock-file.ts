import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { identifyProcess, isAlive, isProcessIdentity, type ProcessIdentity } from './process-identity.ts';
import { errorCode } from './stack-error.ts';

export type LockAnswer =
  | { readonly acquired: true; readonly release: () => void }
  | { readonly acquired: false; readonly holder: ProcessIdentity };

/** Takes a lock that ends with its process: one whose holder is dead counts as free. */
export const acquireLock = (path: string): LockAnswer => {
  const self = identifyProcess(process.pid) ?? { pid: process.pid, startedAt: '' };
  const draft = `${path}.${process.pid}.${crypto.randomUUID()}`;
  writeFileSync(draft, JSON.stringify(self), { mode: 0o600 });
  try {
    for (;;) {
      if (linkIfFree(draft, path)) return { acquired: true, release: () => releaseLock(path, self) };
      const holder = readLockHolder(path);
      if (holder !== undefined) return { acquired: false, holder };
      discardStaleLock(path);
    }
  } finally {
    rmSync(draft, { force: true });
  }
};

/** The living process that holds the lock. */
export const readLockHolder = (path: string): ProcessIdentity | undefined => {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return isProcessIdentity(value) && isAlive(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
};

const linkIfFree = (draft: string, path: string): boolean => {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
};

const discardStaleLock = (path: string): void => {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return;
    throw error;
  }
  // Somebody may have taken the lock between our look and our rename: then it goes back.
  if (readLockHolder(aside) !== undefined) linkIfFree(aside, path);
  rmSync(aside, { force: true });
};

const releaseLock = (path: string, self: ProcessIdentity): void => {
  if (readLockHolder(path)?.pid === self.pid) rmSync(path, { force: true });
};
