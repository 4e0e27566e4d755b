import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode, StackError } from './stack-error.ts';

/** Writes a file that only its owner may read; readers see the old text or the new one, never half of it. */
export const writePrivateFile = (path: string, text: string): void => {
  const draft = `${path}.${process.pid}.tmp`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, path);
};

/** Makes a folder that only its owner may enter. */
export const makePrivateFolder = (path: string): void => {
  mkdirSync(dirname(path), { recursive: true });
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
};

/** The text of a file, or undefined when there is none. */
export const readTextIfPresent = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
};

/** A JSON object from a file of ours, or undefined when there is no such file. */
export const readJsonIfPresent = (path: string): Readonly<Record<string, unknown>> | undefined => {
  const text = readTextIfPresent(path);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value)) return value;
  } catch (error) {
    throw new StackError(`${path} is damaged. Delete the file and start again.`, error);
  }
  throw new StackError(`${path} does not hold a JSON object. Delete the file and start again.`);
};

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
