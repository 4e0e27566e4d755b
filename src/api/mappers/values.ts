import type { Json } from '@durabase/contracts';
import { ESCAPE, unescapeUnstorable } from '../../domain/unstorable.ts';

/** A timestamp as Postgres writes it into JSON, in the one form that the API uses: UTC, milliseconds. */
export const toMoment = (timestamp: string): string => new Date(timestamp).toISOString();
export const toMomentOrNull = (timestamp: string | null): string | null => (timestamp === null ? null : toMoment(timestamp));

/** A result of an action as the action gave it: what Postgres cannot store was escaped. Nearly none is, so look first. */
export const toResult = (stored: Json): Json => (holdsEscape(stored) ? unescapeUnstorable(stored) : stored);

function holdsEscape(value: Json): boolean {
  if (typeof value === 'string') return value.includes(ESCAPE);
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, item]) => key.includes(ESCAPE) || holdsEscape(item as Json));
}
