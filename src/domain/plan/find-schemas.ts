import { isJsonObject, type Json, type JsonObject } from '@durabase/contracts';

type Place = readonly (string | number)[];

/** The schemas that a value may follow: references looked up, alternatives apart. */
function alternativesOf(
  schema: Json | undefined,
  root: JsonObject,
  seen: ReadonlySet<string> = new Set(),
): readonly JsonObject[] {
  if (!isJsonObject(schema)) return [];
  const reference = schema['$ref'];
  if (typeof reference === 'string') {
    if (seen.has(reference)) return [];
    const definitions = isJsonObject(root['$defs']) ? root['$defs'] : {};
    const target = reference === '#' ? root : definitions[reference.replace(/^#\/\$defs\//, '')];
    return alternativesOf(target, root, new Set([...seen, reference]));
  }
  const branches = schema['anyOf'] ?? schema['oneOf'];
  return Array.isArray(branches) ? branches.flatMap((branch: Json) => alternativesOf(branch, root, seen)) : [schema];
}

function below(schema: JsonObject, part: string | number): Json | undefined {
  if (typeof part === 'number') return schema['items'];
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  return Object.hasOwn(properties, part) ? properties[part] : schema['additionalProperties'];
}

/** Every schema that the contract of an action has for one place of its value; empty where it says nothing. */
export const findSchemas = (root: JsonObject, at: Place): readonly JsonObject[] =>
  at.reduce<readonly JsonObject[]>(
    (schemas, part) => schemas.flatMap((schema) => alternativesOf(below(schema, part), root)),
    alternativesOf(root, root),
  );

/** The names that may stand at one place. */
export const findNames = (root: JsonObject, at: Place): readonly string[] => [
  ...new Set(
    findSchemas(root, at).flatMap(({ properties }) =>
      properties !== undefined && isJsonObject(properties) ? Object.keys(properties) : [],
    ),
  ),
];
