import { isJsonObject, type Json, type JsonObject, type Problem } from '@durabase/contracts';
import { formatPath, problem } from '../../domain/plan/problem.ts';

const MAX_DEPTH = 32;
const MAX_NODES = 2_000;
/** What a schema may grow to when its references are written out. */
const MAX_EXPANSION = 10_000;
const REFUSED = new Set(['$id', '$anchor', '$dynamicRef', '$dynamicAnchor', '$recursiveRef', '$recursiveAnchor']);
const POLLUTING = new Set(['__proto__', 'constructor', 'prototype']);

type Path = readonly (string | number)[];

/** Everything below a value with its path, outermost first. */
function* walk(value: Json, at: Path = ['input']): Iterable<{ readonly value: Json; readonly at: Path }> {
  yield { value, at };
  if (typeof value !== 'object' || value === null || at.length > MAX_DEPTH + 1) return;
  for (const [key, item] of Object.entries(value)) yield* walk(item as Json, [...at, Array.isArray(value) ? Number(key) : key]);
}

/** Size of a definition with its references written out; infinite when it refers to itself. */
function expandedSize(schema: Json, definitions: JsonObject, trail: readonly string[]): number {
  let size = 0;
  for (const { value } of walk(schema)) {
    size += 1;
    const reference = isJsonObject(value) ? value['$ref'] : undefined;
    if (typeof reference !== 'string') continue;
    const name = reference.slice('#/$defs/'.length);
    if (trail.includes(name)) continue; // recursion is bounded by the value and by the deadline
    size += expandedSize(definitions[name] ?? null, definitions, [...trail, name]);
    if (size > MAX_EXPANSION) return size;
  }
  return size;
}

function checkNode({ value, at }: { readonly value: Json; readonly at: Path }, definitions: JsonObject): Problem | undefined {
  if (at.length > MAX_DEPTH) return problem(at.slice(0, MAX_DEPTH), `the schema is nested deeper than ${MAX_DEPTH} levels`);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  for (const [key, item] of Object.entries(value)) {
    if (POLLUTING.has(key)) return problem([...at, key], `the name "${key}" is not accepted`);
    if (REFUSED.has(key))
      return problem([...at, key], `"${key}" is not supported`, {
        hint: 'write definitions under "$defs" and refer to them by "$ref": "#/$defs/name"',
      });
    if (key !== '$ref') continue;
    const name = typeof item === 'string' && item.startsWith('#/$defs/') ? item.slice('#/$defs/'.length) : undefined;
    if (name === undefined)
      return problem([...at, key], 'a reference must begin with "#/$defs/"', { hint: 'copy what it refers to into "$defs"' });
    if (!Object.hasOwn(definitions, name)) return problem([...at, key], `there is no ${formatPath(['$defs', name])}`);
  }
  return undefined;
}

/** What can be refused of a schema without running it: depth, size, references, names. */
export function checkBounds(schema: JsonObject): readonly Problem[] {
  const found = schema['$defs'];
  const definitions: JsonObject =
    typeof found === 'object' && found !== null && !Array.isArray(found) ? (found as JsonObject) : {};
  let nodes = 0;
  for (const node of walk(schema)) {
    nodes += 1;
    if (nodes > MAX_NODES) return [problem(['input'], `the schema has more than ${MAX_NODES} parts`)];
    const wrong = checkNode(node, definitions);
    if (wrong !== undefined) return [wrong];
  }
  if (expandedSize(schema, definitions, []) > MAX_EXPANSION)
    return [problem(['input'], 'the schema grows too large when its references are written out')];
  return [];
}
