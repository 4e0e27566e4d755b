import { describe, expect, it } from '@jest/globals';
import type { Json, JsonObject } from '@durabase/contracts';
import { checkBounds, MAX_DEPTH, MAX_NODES } from '../../../src/platform/json-schema/check-bounds.ts';
import { MAX_EXPANSION } from '../../../src/platform/json-schema/check-expansion.ts';

/** `levels` objects inside each other, by a keyword that takes one schema. */
const deep = (levels: number): JsonObject => Array.from({ length: levels - 1 }).reduce<JsonObject>((items) => ({ items }), {});
const wide = (count: number): JsonObject => ({ allOf: Array.from({ length: count }, () => ({})) });
const messagesOf = (schema: JsonObject): readonly string[] => checkBounds(schema).problems.map(({ message }) => message);

/** Definitions `d0` … of which each names the next one so many times; the last is empty. */
const chain = (levels: number, times: number): JsonObject => ({
  $ref: '#/$defs/d0',
  $defs: Object.fromEntries(
    Array.from({ length: levels }, (_, level): [string, Json] => [
      `d${level}`,
      level === levels - 1 ? {} : { anyOf: Array.from({ length: times }, () => ({ $ref: `#/$defs/d${level + 1}` })) },
    ]),
  ),
});

describe('checkBounds', () => {
  it('takes the deepest schema that is allowed and refuses the next', () => {
    expect(messagesOf(deep(MAX_DEPTH + 1))).toEqual([]);
    expect(messagesOf(deep(MAX_DEPTH + 2))).toEqual([`the schema is nested more than ${MAX_DEPTH} levels deep`]);
  });

  it('ends at a schema of any depth', () => {
    expect(messagesOf(deep(100_000))).toEqual([`the schema is nested more than ${MAX_DEPTH} levels deep`]);
  });

  it('takes the largest schema that is allowed and refuses the next', () => {
    expect(messagesOf(wide(MAX_NODES - 2))).toEqual([]);
    expect(messagesOf(wide(MAX_NODES - 1))).toEqual([`the schema has more than ${MAX_NODES} objects and lists`]);
  });

  it('counts what stands in data', () => {
    expect(messagesOf({ enum: Array.from({ length: MAX_NODES }, () => ({})) })).toHaveLength(1);
    expect(messagesOf({ enum: Array.from({ length: MAX_NODES }, (_, index) => index) })).toEqual([]);
  });

  it('follows references that double', () => {
    expect(messagesOf(chain(8, 2))).toEqual([]);
    expect(messagesOf(chain(30, 2))).toEqual([
      `the schema grows beyond ${MAX_EXPANSION} objects and lists when its references are followed`,
    ]);
  });

  it('ends at references in a circle', () => {
    const all = Array.from({ length: 40 }, (_, index) => `d${index}`);
    const everyone = { anyOf: all.map((name) => ({ $ref: `#/$defs/${name}` })) };
    const circle = { $ref: '#/$defs/d0', $defs: Object.fromEntries(all.map((name) => [name, everyone])) };
    const began = process.threadCpuUsage();
    checkBounds(circle);
    const { user } = process.threadCpuUsage(began);
    expect(user / 1_000).toBeLessThan(200);
  });

  it('tells each problem with its place', () => {
    const schema = { properties: { a: { $id: 'x' }, b: { $ref: '#/nowhere' } }, $schema: 7 };
    expect(checkBounds(schema).problems.map(({ code, path }) => `${code} ${path}`)).toEqual([
      'INVALID_TASK input.properties.a["$id"]',
      'INVALID_TASK input.properties.b["$ref"]',
      'INVALID_TASK input["$schema"]',
    ]);
  });

  it('says how large a schema is', () => {
    expect(checkBounds({ properties: { a: { enum: [1, 2] } } }).nodeCount).toBe(4);
    expect(checkBounds(true)).toEqual({ nodeCount: 0, problems: [] });
  });
});
