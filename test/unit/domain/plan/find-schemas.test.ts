import { describe, expect, it } from '@jest/globals';
import { findNames, findSchemas } from '../../../../src/domain/plan/find-schemas.ts';

describe('findSchemas', () => {
  it('follows properties, items, alternatives and references', () => {
    const root = {
      anyOf: [{ properties: { list: { items: { $ref: '#/$defs/item' } } } }, { properties: { other: {} } }],
      $defs: { item: { oneOf: [{ type: 'string' }, { type: 'null' }] } },
    };
    expect(findSchemas(root, ['list', 3])).toEqual([{ type: 'string' }, { type: 'null' }]);
    expect(findNames(root, [])).toEqual(['list', 'other']);
  });

  it('ends where a schema refers to nothing but itself', () => {
    const root = { properties: { a: { $ref: '#/$defs/x' } }, $defs: { x: { anyOf: [{ $ref: '#/$defs/x' }, { type: 'null' }] } } };
    expect(findSchemas(root, ['a'])).toEqual([{ type: 'null' }]);
  });

  it('reads nothing from a prototype', () => {
    expect(findSchemas({ properties: {}, additionalProperties: { type: 'string' } }, ['toString'])).toEqual([{ type: 'string' }]);
  });
});
