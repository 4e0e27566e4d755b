import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@durabase/contracts';
import { REFUSED } from './refused-schemas.ts';
import { objectOf, useChecker } from './use-checker.ts';

const ACCEPTED: Readonly<Record<string, JsonObject>> = {
  'the example of a task': objectOf(
    { day: { type: 'string', format: 'date' }, to: { type: 'string', format: 'email' } },
    { required: ['to'] },
  ),
  'the empty schema': {},
  'boolean schemas inside': objectOf({ a: true, b: false }, { additionalProperties: false, items: true }),
  'a known dialect': { $schema: 'https://json-schema.org/draft/2020-12/schema', type: 'string' },
  'the dialect of an older draft': { $schema: 'http://json-schema.org/draft-07/schema#', type: 'string' },
  'properties that are named like keywords': objectOf({
    $ref: { type: 'string' },
    $id: { type: 'string' },
    items: { type: 'array' },
    pattern: { type: 'string' },
  }),
  'keywords in data': {
    default: { $ref: 'http://example.com' },
    enum: [{ $id: 'x', pattern: '(' }],
    examples: [{ $async: true }],
  },
  'unknown keywords and formats': { 'x-order': 3, format: 'textarea', title: 'Text' },
  'definitions that refer to themselves': {
    $defs: { tree: objectOf({ children: { type: 'array', items: { $ref: '#/$defs/tree' } } }) },
    $ref: '#/$defs/tree',
  },
  'patterns as JavaScript writes them': { pattern: '^\\d{4}\\-(?<month>\\d\\d)\\/\\u00e9$' },
  'conditions and dependencies': {
    if: { required: ['a'] },
    then: { required: ['b'] },
    else: { not: { required: ['c'] } },
    dependentRequired: { a: ['b'] },
    unevaluatedProperties: false,
  },
};

const schemas = useChecker();

describe('checkSchema', () => {
  it.each(REFUSED)('refuses $title', async ({ schema, path, message, hint }) => {
    expect(await schemas.checkSchema(schema)).toEqual([
      { code: 'INVALID_TASK', path, message, ...(hint === undefined ? {} : { hint }) },
    ]);
  });

  it.each(Object.entries(ACCEPTED))('accepts %s', async (_, schema) => {
    expect(await schemas.checkSchema(schema)).toEqual([]);
  });

  it('accepts the schemas true and false', async () => {
    expect([await schemas.checkSchema(true), await schemas.checkSchema(false)]).toEqual([[], []]);
  });

  it('tells of several problems at once', async () => {
    const problems = await schemas.checkSchema(objectOf({ a: { type: 'text' }, b: { pattern: '(' }, c: { maxItems: 'many' } }));
    expect(problems.map(({ path }) => path)).toEqual([
      'input.properties.a.type',
      'input.properties.c.maxItems',
      'input.properties.b.pattern',
    ]);
  });
});
