import type { Json, JsonObject, Problem } from '@durabase/contracts';
import { problem } from '../../domain/plan/problem.ts';
import { suggestName } from '../../domain/plan/suggest-name.ts';
import { checkExpansion } from './check-expansion.ts';
import { definitionsOf, type JsonSchema, referencedName } from './definitions.ts';
import { placeBelow, type SchemaPlace } from './schema-places.ts';

/** Levels of arrays and objects inside each other. */
export const MAX_DEPTH = 32;
/** Arrays and objects together. */
export const MAX_NODES = 2_000;

type Path = readonly (string | number)[];

const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);
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

/** The size of a schema within the bounds, or what takes it out of them. */
type Measured = { readonly nodeCount: number; readonly problems: readonly Problem[] };

/** Looks at a schema without using it: what is out of bounds here is never compiled. Pure. */
export function checkBounds(schema: JsonSchema): Measured {
  const problems: Problem[] = [];
  const definitions = definitionsOf(schema);
  let nodeCount = 0;

  const visit = (value: Json, at: Path, place: SchemaPlace): void => {
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

/** Message and hint of a key that may not stand there. */
function checkKey(
  key: string,
  value: Json,
  { place, definitions }: { readonly place: SchemaPlace; readonly definitions: JsonObject },
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
