import { PlatformError } from '@durabase/contracts';
import type { Request } from 'express';
import { findUnstorable } from '../domain/unstorable.ts';
import { unstorable } from './refuse-unsafe-json.ts';

/** The query as names and texts. Throws INVALID_REQUEST for a name that comes twice: which of the two is meant? */
export function readQuery(request: Request): Readonly<Record<string, string>> {
  const at = request.url.indexOf('?');
  if (at === -1) return {};
  const found = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(request.url.slice(at))) {
    if (found.has(name)) throw new PlatformError('INVALID_REQUEST', { message: `"${name}" is given twice`, path: name });
    found.set(name, value);
  }
  const query = Object.fromEntries(found);
  const path = findUnstorable(query);
  if (path !== undefined) throw unstorable(path);
  return query;
}
