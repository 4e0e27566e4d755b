import { type ErrorDetails, type Json, PlatformError } from '@durabase/contracts';
import { formatPath } from '@durabase/contracts/json-path';
import { findUnstorable } from '../domain/unstorable.ts';

/** Levels of arrays and objects inside each other. */
export const MAX_DEPTH = 64;

/** Names that could reach the prototype of an object by careless code further on. */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

interface Flaw extends Pick<ErrorDetails, 'hint'> {
  readonly message: string;
  readonly at: readonly (string | number)[];
}

/** Refuses what is JSON but must not get further. Throws INVALID_REQUEST or INVALID_STRING, with the path of the value. */
export function refuseUnsafeJson(value: Json): void {
  const flaw = findFlaw(value, 1);
  if (flaw !== undefined) {
    const { message, hint, at } = flaw;
    throw new PlatformError('INVALID_REQUEST', { message, path: formatPath(at), ...(hint === undefined ? {} : { hint }) });
  }
  const path = findUnstorable(value); // bounded, now that the depth is known
  if (path !== undefined) throw unstorable(path);
}

/** The refusal of a NUL character or a lone surrogate at a path. */
export const unstorable = (path: string): PlatformError =>
  new PlatformError('INVALID_STRING', { path, hint: 'leave out NUL characters and lone surrogates' });

function findFlaw(value: unknown, depth: number): Flaw | undefined {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    return { message: 'the number is too large', hint: 'send it as a string', at: [] };
  }
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > MAX_DEPTH) return { message: `the body is nested more than ${MAX_DEPTH} levels deep`, at: [] };
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      const found = findFlaw(item, depth + 1);
      if (found !== undefined) return { ...found, at: [index, ...found.at] };
    }
    return undefined;
  }
  for (const [key, item] of Object.entries(value)) {
    if (FORBIDDEN_KEYS.has(key)) return { message: `the key "${key}" is refused`, hint: 'use another name', at: [key] };
    const found = findFlaw(item, depth + 1);
    if (found !== undefined) return { ...found, at: [key, ...found.at] };
  }
  return undefined;
}
