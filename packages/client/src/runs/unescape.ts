import type { Json } from '@durabase/contracts/json';

/** Stands, with four hexadecimal digits, for a code unit that Postgres cannot store in jsonb. */
const ESCAPE = '\uE0FF';
const ESCAPED = /\uE0FF([0-9a-f]{4})/g;

const unescapeText = (text: string): string =>
  text.includes(ESCAPE) ? text.replace(ESCAPED, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))) : text;

/** A stored result as the action gave it. */
export const unescapeResult = (stored: Json): Json => {
  if (typeof stored === 'string') return unescapeText(stored);
  if (Array.isArray(stored)) return stored.map((item: Json) => unescapeResult(item));
  if (typeof stored !== 'object' || stored === null) return stored;
  return Object.fromEntries(Object.entries(stored).map(([key, item]) => [unescapeText(key), unescapeResult(item as Json)]));
};
