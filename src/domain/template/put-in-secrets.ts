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

/** A text without the values of these secrets. */
export const maskText = (text: string, secrets: ReadonlyMap<string, string>): string =>
  [...secrets].reduce((masked, [name, value]) => (value === '' ? masked : masked.replaceAll(value, `[secret ${name}]`)), text);

/** A value without the values of these secrets, in names of properties as well. */
export function maskValue(value: Json, secrets: ReadonlyMap<string, string>): Json {
  if (secrets.size === 0) return value;
  if (typeof value === 'string') return maskText(value, secrets);
  if (Array.isArray(value)) return value.map((item: Json) => maskValue(item, secrets));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [maskText(key, secrets), maskValue(item as Json, secrets)]),
  );
}
