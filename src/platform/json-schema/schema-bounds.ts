import { isJsonObject, type Json, type JsonObject, type Problem } from '@durabase/contracts';
import { problem } from '../../domain/plan/problem.ts';
import { suggestName } from '../../domain/plan/suggest-name.ts';
import { checkExpansion } from './schema-expansion.ts';

/** A schema as JSON Schema knows it: an object, or `true` (everything fits) or `false` (nothing does). */
export type JsonSchema = JsonObject | boolean;

/** Levels of arrays and objects inside each other. */
export const MAX_DEPTH = 32;
/** Arrays and objects together. */
export const MAX_NODES = 2_000;
/** Length of the schema as JSON text. */
export const MAX_SCHEMA_CHARACTERS = 256_000;

type Path = readonly (string | number)[];
/** What stands at a place: a schema (or a list of them), names with a schema each, or data that is compared only. */
type Place = 'schema' | 'names' | 'data';

const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
const NAME_MAPS: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
  'dependencies',
]);
const DATA: ReadonlySet<string> = new Set(['enum', 'const', 'default', 'examples', 'required', 'dependentRequired']);
const REFUSED_KEYWORDS: ReadonlySet<string> = new Set([
  '$id',
  '$anchor',
  '$dynamicRef',
  '$dynamicAnchor',
  '$recursiveRef',
  '$recursiveAnchor',
  '$vocabulary',
  '$async',
  '$data',
]);
const DRAFTS = /^https?:\/\/json-schema\.org\/(?:draft\/(?:2020-12|2019-09)|draft-0[67])\/schema#?$/;
const REFERENCE = /^#\/\$defs\/([A-Za-z0-9_.-]{1,100})$/;

/** What `$ref` names, when it is a reference inside the same schema. */
export const referencedName = (reference: Json | undefined): string | undefined =>
  typeof reference === 'string' ? REFERENCE.exec(reference)?.[1] : undefined;

/** The definitions that a schema can refer to. */
export const definitionsOf = (root: JsonSchema): JsonObject => {
  const found = isJsonObject(root) ? root['$defs'] : undefined;
  return isJsonObject(found) ? found : {};
};

/** The size of a schema within the bounds, or what takes it out of them. */
export type Measured = { readonly nodeCount: number; readonly problems: readonly Problem[] };

/** Looks at a schema without using it: what is out of bounds here is never compiled. Pure. */
export function measureSchema(schema: JsonSchema): Measured {
  const problems: Problem[] = [];
  const definitions = definitionsOf(schema);
  let nodeCount = 0;

  const visit = (value: Json, at: Path, place: Place): void => {
    if (typeof value !== 'object' || value === null || nodeCount > MAX_NODES) return;
    nodeCount += 1;
    if (at.length > MAX_DEPTH) {
      problems.push(
        below(
          at.slice(0, MAX_DEPTH),
          `the schema is nested more than ${MAX_DEPTH} levels deep`,
          'move inner parts into "$defs" and refer to them',
        ),
      );
      nodeCount = MAX_NODES + 1; // what is deeper is not looked at
      return;
    }
    if (Array.isArray(value)) return value.forEach((item: Json, index) => visit(item, [...at, index], place));
    for (const [key, item] of Object.entries(value as JsonObject)) {
      const flaw = checkKey(key, item, { place, definitions });
      if (flaw === undefined) visit(item, [...at, key], placeBelow(key, place));
      else problems.push(below([...at, key], ...flaw));
    }
  };

  visit(schema, [], 'schema');
  if (problems.length > 0) return { nodeCount, problems };
  if (nodeCount > MAX_NODES) {
    return {
      nodeCount,
      problems: [
        below(
          [],
          `the schema has more than ${MAX_NODES} objects and lists`,
          'accept parts of the input as they are: leave out their schema',
        ),
      ],
    };
  }
  return { nodeCount, problems: checkExpansion(schema) };
}

const below = (at: Path, message: string, hint: string): Problem => problem(['input', ...at], message, { hint });

const placeBelow = (key: string, place: Place): Place => {
  if (place === 'names') return 'schema';
  if (place === 'data' || DATA.has(key)) return 'data';
  return NAME_MAPS.has(key) ? 'names' : 'schema';
};

/** Message and hint of a key that may not stand there. */
function checkKey(
  key: string,
  value: Json,
  { place, definitions }: { readonly place: Place; readonly definitions: JsonObject },
): readonly [string, string] | undefined {
  if (FORBIDDEN_KEYS.has(key)) return [`the name "${key}" is refused`, 'use another name'];
  if (place !== 'schema') return undefined;
  if (REFUSED_KEYWORDS.has(key))
    return [
      `"${key}" is not supported`,
      'a schema is complete in itself: put parts into "$defs" and refer to them by "$ref": "#/$defs/name"',
    ];
  if (key === '$schema' && !(typeof value === 'string' && DRAFTS.test(value))) {
    return ['this dialect is not known', 'leave it out, or write "https://json-schema.org/draft/2020-12/schema"'];
  }
  if (key === 'items' && Array.isArray(value))
    return ['must be one schema', 'write "prefixItems" for items that differ by position'];
  return key === '$ref' ? checkReference(value, definitions) : undefined;
}

function checkReference(value: Json, definitions: JsonObject): readonly [string, string] | undefined {
  const name = referencedName(value);
  if (name === undefined)
    return ['a reference stays inside the schema', 'write "#/$defs/name", where the name has letters, digits, ".", "_" or "-"'];
  return Object.hasOwn(definitions, name) ? undefined : [`"$defs" has no "${name}"`, suggestName(name, Object.keys(definitions))];
}
