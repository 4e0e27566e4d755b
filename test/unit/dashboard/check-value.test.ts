import { describe, expect, it } from '@jest/globals';
import { checkValue } from '../../../packages/dashboard/src/features/start/check-value.ts';
import { initialValue, readField, type Schema } from '../../../packages/dashboard/src/features/start/read-field.ts';

const SCHEMA: Schema = {
  type: 'object',
  required: ['name', 'address'],
  properties: {
    name: { type: 'string', minLength: 2, pattern: '^[A-Z]' },
    email: { type: 'string', format: 'email' },
    seats: { type: 'integer', minimum: 1, maximum: 9, default: 3 },
    plan: { enum: ['s', 'l'] },
    tags: { type: 'array', items: { type: 'string', maxLength: 3 }, minItems: 1 },
    address: { type: 'object', required: ['city'], properties: { city: { type: 'string' }, zip: { type: 'string' } } },
    any: { anyOf: [{ type: 'string' }, { type: 'number' }] } as Schema,
  },
};
const field = readField(SCHEMA, { name: 'input', isRequired: true, depth: 0 });

describe('readField', () => {
  it('draws each schema in its way, what is needed first', () => {
    const fields = field.kind === 'group' ? field.fields : [];
    expect(fields.map(([name, { kind }]) => [name, kind])).toEqual([
      ['name', 'text'],
      ['address', 'group'],
      ['email', 'text'],
      ['seats', 'number'],
      ['plan', 'choice'],
      ['tags', 'list'],
      ['any', 'json'],
    ]);
  });

  it('takes a needed switch for what it shows', () => {
    const properties = { on: { type: 'boolean' }, maybe: { type: 'boolean' } };
    const made = readField({ type: 'object', required: ['on'], properties }, { name: 'input', isRequired: true, depth: 0 });
    expect(initialValue(made)).toEqual({ on: false });
  });

  it('begins with what the schema gives', () => expect(initialValue(field)).toEqual({ address: {}, seats: 3 }));
});

describe('checkValue', () => {
  it('finds nothing wrong with what fits', () => {
    expect(
      checkValue(field, { name: 'Ada', email: 'a@b.de', seats: 9, plan: 'l', tags: ['abc'], address: { city: 'X' }, any: [] }),
    ).toEqual({});
    expect(checkValue(field, { name: 'Ada', address: { city: 'X' } })).toEqual({});
  });

  it('names each fault by its path', () => {
    const faults = checkValue(field, { email: 'x', seats: 1.5, plan: 'm', tags: ['abcd', 'ok'], address: {} });
    expect(Object.keys(faults).sort()).toEqual(['address.city', 'email', 'name', 'plan', 'seats', 'tags[0]']);
  });

  it.each([
    [{ name: 'a' }, 'name'],
    [{ name: 'ada' }, 'name'],
    [{ name: 7 }, 'name'],
    [{ name: 'Ada', seats: 10 }, 'seats'],
    [{ name: 'Ada', tags: [] }, 'tags'],
    [{ name: 'Ada', tags: 'x' }, 'tags'],
  ])('refuses %j', (value, path) => expect(checkValue(field, { address: { city: 'X' }, ...value })).toHaveProperty([path]));

  it('lets a pattern pass that only others can read', () => {
    const odd = readField({ type: 'string', pattern: '(?P<x>a)' }, { name: 'x', isRequired: true, depth: 1 });
    expect(checkValue(odd, 'b', 'x')).toEqual({});
  });
});
