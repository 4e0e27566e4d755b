import { isJsonObject, type Json } from '@durabase/contracts';
import { ANYTHING, eitherOf, JSON_KINDS, JSON_NUMBER, KIND, type StaticType } from './static-type.ts';

const KIND_OF_TYPE: ReadonlyMap<unknown, number> = new Map(
  Object.entries({
    null: KIND.null,
    boolean: KIND.bool,
    integer: JSON_NUMBER,
    number: JSON_NUMBER,
    string: KIND.string,
    array: KIND.list,
    object: KIND.map,
  }),
);

const kindOfValue = (value: Json): number => {
  if (value === null) return KIND.null;
  if (Array.isArray(value)) return KIND.list;
  return KIND_OF_TYPE.get(typeof value) ?? JSON_KINDS;
};

const kindsOfTypes = (type: Json | undefined): number => {
  const names = typeof type === 'string' ? [type] : Array.isArray(type) ? type : [];
  const kinds = names.reduce<number>((sum, name) => sum | (KIND_OF_TYPE.get(name) ?? JSON_KINDS), 0);
  return kinds === 0 ? JSON_KINDS : kinds;
};

const kindsOfValues = (schema: Readonly<Record<string, Json>>): number => {
  const values = schema['const'] === undefined ? schema['enum'] : [schema['const']];
  return Array.isArray(values) ? values.reduce<number>((sum, value: Json) => sum | kindOfValue(value), 0) : JSON_KINDS;
};

const alternatives = (schema: Readonly<Record<string, Json>>): StaticType | undefined => {
  const branches = schema['anyOf'] ?? schema['oneOf'];
  if (!Array.isArray(branches) || branches.length === 0) return undefined;
  return branches.map((branch: Json) => typeOfSchema(branch)).reduce((left, right) => eitherOf(left, right));
};

/**
 * What a JSON Schema says of a value, as far as it can be trusted: keywords only ever narrow, so that leaving one out is safe.
 * Only `additionalProperties: false` closes an object.
 */
export function typeOfSchema(schema: Json): StaticType {
  if (!isJsonObject(schema)) return ANYTHING;
  const branches = alternatives(schema);
  const kinds = kindsOfTypes(schema['type']) & kindsOfValues(schema) & (branches?.kinds ?? JSON_KINDS);
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  const isClosed = schema['additionalProperties'] === false && schema['patternProperties'] === undefined;
  const ofBranch = (name: string): StaticType | undefined =>
    branches === undefined || branches.property === undefined ? ANYTHING : branches.property(name);
  const property = (name: string): StaticType | undefined => {
    const own = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (own !== undefined) return typeOfSchema(own);
    return isClosed ? undefined : ofBranch(name);
  };
  const items = schema['prefixItems'] === undefined ? schema['items'] : undefined;
  return {
    // A schema that nothing fits tells nothing.
    kinds: kinds === 0 ? JSON_KINDS : kinds,
    property,
    names: () => [...Object.keys(properties), ...(branches?.names?.() ?? [])],
    ...(isJsonObject(items) ? { items: () => typeOfSchema(items) } : {}),
  };
}
