/** What stands at a place of a schema: a schema (or a list of them), names with a schema each, or data that is compared only. */
export type SchemaPlace = 'schema' | 'names' | 'data';

const NAMES: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
  'dependencies',
]);
const DATA: ReadonlySet<string> = new Set(['enum', 'const', 'default', 'examples', 'required', 'dependentRequired']);

/** What stands below a key: a keyword means something in a schema only, elsewhere it is a name like any other. */
export const placeBelow = (key: string, place: SchemaPlace): SchemaPlace => {
  if (place === 'names') return 'schema';
  if (place === 'data' || DATA.has(key)) return 'data';
  return NAMES.has(key) ? 'names' : 'schema';
};
