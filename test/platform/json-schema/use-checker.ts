import { afterAll } from '@jest/globals';
import type { Json, JsonObject } from '@durabase/contracts';
import { createJsonSchema, type JsonSchemaChecker, type JsonSchemaOptions } from '../../../src/platform/json-schema/index.ts';

/** A checker for a file of tests, closed behind it. */
export function useChecker(options: JsonSchemaOptions = {}): JsonSchemaChecker {
  const checker = createJsonSchema(options);
  afterAll(() => checker.close());
  return checker;
}

/** Schema of an object with these properties. */
export const objectOf = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({ type: 'object', properties, ...more });

/** `{ a: { a: … "x" } }`, so many levels deep. */
export const nested = (depth: number): Json => {
  let value: Json = 'x';
  for (let level = 0; level < depth; level += 1) value = { a: value };
  return value;
};

/** Within all bounds, and two branches to try at every level: 2^depth checks. */
export const RECURSIVE_BOMB: JsonObject = {
  $defs: {
    node: {
      anyOf: [
        objectOf({ a: { $ref: '#/$defs/node' }, b: { type: 'number' } }, { required: ['a'] }),
        objectOf({ a: { $ref: '#/$defs/node' } }, { required: ['a'] }),
      ],
    },
  },
  $ref: '#/$defs/node',
};
