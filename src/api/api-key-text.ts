import { createHash } from 'node:crypto';

const FORM = /^dbk_([A-Za-z0-9_-]{43})_([0-9a-f]{6})$/;

/** Whether a credential means to be an API key, well written or not. */
export const looksLikeApiKey = (text: string): boolean => text.startsWith('dbk_');

/** Whether the checksum at the end fits the rest: a key that was copied badly is told apart from one that is not known. */
export function isWellWritten(key: string): boolean {
  const [, body, sum] = FORM.exec(key) ?? [];
  return body !== undefined && hash(body).slice(0, 6) === sum;
}

/** By which the database knows the key. */
export const hashApiKey = (key: string): string => hash(key);

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
