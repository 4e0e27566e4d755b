import type { Json } from '@durabase/contracts';

/**
 * Postgres cannot store NUL and lone surrogates in jsonb. Results must be kept all the same, so each such code unit is
 * written as this private-use character and four hexadecimal digits; so is the character itself.
 */
export const ESCAPE = '\uE0FF';

const UNSTORABLE = /\u0000|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;
const TO_ESCAPE = /[\u0000\uE0FF]|[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;
const ESCAPED = /\uE0FF([0-9a-f]{4})/g;

const escapeText = (text: string): string =>
  text.replace(TO_ESCAPE, (unit) => ESCAPE + unit.charCodeAt(0).toString(16).padStart(4, '0'));
const unescapeText = (text: string): string =>
  text.replace(ESCAPED, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));

const mapStrings = (value: Json, change: (text: string) => string): Json => {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((item: Json) => mapStrings(item, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [change(key), mapStrings(item as Json, change)]));
};

/** A result in the form in which it is stored; the same object when nothing has to be escaped. */
export const escapeUnstorable = (value: Json): Json => (holdsUnstorable(value) ? mapStrings(value, escapeText) : value);

/** The inverse of {@link escapeUnstorable}. */
export const unescapeUnstorable = (value: Json): Json =>
  JSON.stringify(value)?.includes(ESCAPE) === true ? mapStrings(value, unescapeText) : value;

const holdsUnstorable = (value: Json): boolean => {
  const text = JSON.stringify(value) ?? '';
  return /\\u0000|\\ud[89a-f]|\uE0FF/i.test(text);
};

/** Path of the first string (or key) that cannot be stored, such as `input.names[2]`; `undefined` when there is none. */
export function findUnstorable(value: Json, path = ''): string | undefined {
  if (typeof value === 'string') return UNSTORABLE.test(value) ? path : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, item] of Object.entries(value)) {
    const at = Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
    if (!Array.isArray(value) && UNSTORABLE.test(key)) return path;
    const found = findUnstorable(item as Json, at);
    if (found !== undefined) return found;
  }
  return undefined;
}
