import type { Json } from '@durabase/contracts';
import type { FoundReference } from './collect-references.ts';

const putAt = (value: Json, at: readonly (string | number)[], text: string): Json => {
  const [first, ...rest] = at;
  if (first === undefined) return text;
  if (Array.isArray(value)) return value.map((item: Json, index) => (index === first ? putAt(item, rest, text) : item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, key === first ? putAt(item as Json, rest, text) : (item as Json)]),
  );
};

/**
 * Puts secrets where the *plan* has them: `places` come from the step's own `with`. What stands in data that was resolved
 * into the input is never read as a template.
 */
export function putInSecrets(input: Json, places: readonly FoundReference[], secrets: ReadonlyMap<string, string>): Json {
  return places.reduce<Json>(
    (value, { at, reference, prefix }) => putAt(value, at, prefix + (secrets.get(String(reference.path[1])) ?? '')),
    input,
  );
}

type Mask = (text: string) => string;

/** In one pass, so that no name that was written is masked again; the longest first, where one value begins with another. */
function createMask(secrets: ReadonlyMap<string, string>): Mask {
  const names = new Map([...secrets].filter(([, value]) => value !== '').map(([name, value]) => [value, name]));
  if (names.size === 0) return (text) => text;
  const values = [...names.keys()].sort((left, right) => right.length - left.length);
  const pattern = new RegExp(values.map((value) => value.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|'), 'g');
  return (text) => text.replace(pattern, (value) => `[secret ${names.get(value) ?? ''}]`);
}

const maskWith = (value: Json, mask: Mask): Json => {
  if (typeof value === 'string') return mask(value);
  if (Array.isArray(value)) return value.map((item: Json) => maskWith(item, mask));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [mask(key), maskWith(item as Json, mask)]));
};

/** A text without the values of these secrets. */
export const maskText = (text: string, secrets: ReadonlyMap<string, string>): string => createMask(secrets)(text);

/** A value without the values of these secrets, in names of properties as well. */
export const maskValue = (value: Json, secrets: ReadonlyMap<string, string>): Json =>
  secrets.size === 0 ? value : maskWith(value, createMask(secrets));
