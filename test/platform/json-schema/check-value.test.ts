import { describe, expect, it } from '@jest/globals';
import type { Json, JsonObject } from '@durabase/contracts';
import { objectOf, useChecker } from './use-checker.ts';

const parsed = (text: string): Json => JSON.parse(text) as Json;
const SHAPES: JsonObject = {
  oneOf: [
    objectOf({ kind: { const: 'circle' }, radius: { type: 'number' } }, { required: ['kind', 'radius'] }),
    objectOf({ kind: { const: 'square' }, side: { type: 'number' } }, { required: ['kind', 'side'] }),
  ],
};
const DEFINED: JsonObject = {
  $defs: { name: { type: 'string', minLength: 2 }, person: objectOf({ name: { $ref: '#/$defs/name' } }, { required: ['name'] }) },
  ...objectOf({ owner: { anyOf: [{ $ref: '#/$defs/person' }, { $ref: '#/$defs/name' }] } }),
};

interface Misfit {
  readonly title: string;
  readonly schema: JsonObject | boolean;
  readonly value: Json;
  readonly path: string;
  readonly message: string;
  readonly hint?: string;
}

const MISFITS: readonly Misfit[] = [
  {
    title: 'another type',
    schema: objectOf({ a: { type: 'string' } }),
    value: { a: 1 },
    path: 'input.a',
    message: 'must be a string, not a number',
  },
  {
    title: 'one of several types',
    schema: { type: ['string', 'null'] },
    value: true,
    path: 'input',
    message: 'must be a string or null, not true',
  },
  {
    title: 'a fraction',
    schema: { type: 'integer' },
    value: 1.5,
    path: 'input',
    message: 'must be a whole number, not a number',
  },
  {
    title: 'an item of a list',
    schema: objectOf({ items: { type: 'array', items: { type: 'string' } } }),
    value: { items: ['a', 'b', null] },
    path: 'input.items[2]',
    message: 'must be a string, not null',
  },
  {
    title: 'a name of digits, which is no index',
    schema: { additionalProperties: { type: 'string' } },
    value: { '2026': 1 },
    path: 'input["2026"]',
    message: 'must be a string, not a number',
  },
  {
    title: 'a name with a slash and a tilde',
    schema: { additionalProperties: false },
    value: { 'a/b~c': 1 },
    path: 'input["a/b~c"]',
    message: 'is not declared by the schema',
    hint: 'there is none',
  },
  {
    title: 'a missing property deep inside',
    schema: objectOf({ customer: objectOf({ id: { type: 'string' } }, { required: ['id'] }) }),
    value: { customer: {} },
    path: 'input.customer.id',
    message: 'is missing',
    hint: 'expected a string',
  },
  {
    title: 'a missing property, with what was written instead',
    schema: objectOf({ customer: { type: 'string' } }, { required: ['customer'] }),
    value: { custmer: 'x' },
    path: 'input.customer',
    message: 'is missing',
    hint: 'there is "custmer": did you mean "customer"?',
  },
  {
    title: 'a missing partner',
    schema: { dependentRequired: { card: ['expires'] } },
    value: { card: 'x' },
    path: 'input.expires',
    message: 'is missing: it goes with "card"',
  },
  {
    title: 'an undeclared property, with the declared one',
    schema: objectOf({ customer: true }, { additionalProperties: false }),
    value: { custmer: 'x' },
    path: 'input.custmer',
    message: 'is not declared by the schema',
    hint: 'did you mean "customer"?',
  },
  {
    title: 'an undeclared property, with all declared ones',
    schema: objectOf({ day: true, to: true }, { unevaluatedProperties: false }),
    value: { something: 'x' },
    path: 'input.something',
    message: 'is not declared by the schema',
    hint: 'known: "day", "to"',
  },
  {
    title: 'a value that is not among the allowed ones',
    schema: { enum: ['draft', 'final', 3] },
    value: 'drafd',
    path: 'input',
    message: 'must be one of "draft", "final", 3',
    hint: 'did you mean "draft"?',
  },
  { title: 'another constant', schema: { const: { a: 1 } }, value: 1, path: 'input', message: 'must be {"a":1}' },
  {
    title: 'a date',
    schema: objectOf({ day: { format: 'date' } }),
    value: { day: '21.11.2026' },
    path: 'input.day',
    message: 'must be a date',
    hint: 'such as "2026-11-21"',
  },
  {
    title: 'an email address',
    schema: { format: 'email' },
    value: 'nobody',
    path: 'input',
    message: 'must be an email address',
    hint: 'such as "name@example.com"',
  },
  {
    title: 'a format without words of its own',
    schema: { format: 'json-pointer' },
    value: 'x',
    path: 'input',
    message: 'must fit the format "json-pointer"',
  },
  {
    title: 'a pattern of a value',
    schema: { format: 'regex' },
    value: '(?=a)',
    path: 'input',
    message: 'must be a pattern in RE2 syntax',
    hint: 'look-around such as (?=…) and backreferences such as \\1 are not supported',
  },
  { title: 'a pattern', schema: { pattern: '^[a-z]+$' }, value: 'A', path: 'input', message: 'must match the pattern ^[a-z]+$' },
  {
    title: 'too few characters',
    schema: { minLength: 3 },
    value: 'é🙂',
    path: 'input',
    message: 'must have at least 3 characters',
  },
  { title: 'too many items', schema: { maxItems: 1 }, value: [1, 2], path: 'input', message: 'must have at most 1 items' },
  {
    title: 'too few properties',
    schema: { minProperties: 1 },
    value: {},
    path: 'input',
    message: 'must have at least 1 properties',
  },
  { title: 'a small number', schema: { exclusiveMinimum: 5 }, value: 5, path: 'input', message: 'must be > 5' },
  {
    title: 'the name of a property',
    schema: { propertyNames: { pattern: '^a' } },
    value: { b: 1 },
    path: 'input.b',
    message: 'the name must match the pattern ^a',
  },
  {
    title: 'a condition',
    schema: { if: { type: 'string' }, then: { minLength: 3 } },
    value: 'a',
    path: 'input',
    message: 'must have at least 3 characters',
  },
  {
    title: 'a negation',
    schema: { not: { type: 'string' } },
    value: 'a',
    path: 'input',
    message: 'must not match what the schema has under "not"',
  },
  {
    title: 'a list without what it must contain',
    schema: { contains: { type: 'string' } },
    value: [1, [2]],
    path: 'input',
    message: 'must contain at least 1 that fit "contains"',
  },
  { title: 'the schema false', schema: false, value: 1, path: 'input', message: 'nothing is accepted here' },
  {
    title: 'several types by alternatives',
    schema: { anyOf: [{ type: 'string' }, { type: 'array' }] },
    value: 4,
    path: 'input',
    message: 'must be a string or a list, not a number',
  },
  {
    title: 'the alternative whose type fits',
    schema: { anyOf: [{ type: 'null' }, { type: 'string', format: 'email' }] },
    value: 'x',
    path: 'input',
    message: 'must be an email address',
    hint: 'such as "name@example.com"',
  },
  {
    title: 'the alternative whose constant fits',
    schema: SHAPES,
    value: { kind: 'square' },
    path: 'input.side',
    message: 'is missing',
    hint: 'expected a number',
  },
  {
    title: 'the constants of all alternatives',
    schema: SHAPES,
    value: { kind: 'triangle', side: 1, radius: 1 },
    path: 'input.kind',
    message: 'must be one of "circle", "square"',
  },
  {
    title: 'the types of alternatives that have more to say',
    schema: { anyOf: [{ type: 'null' }, { type: 'string', enum: ['a'] }] },
    value: 5,
    path: 'input',
    message: 'must be null or a string, not a number',
  },
  {
    title: 'several alternatives at once',
    schema: { oneOf: [{ type: 'number' }, { minimum: 0 }] },
    value: 1,
    path: 'input',
    message: 'must match exactly one of the alternatives, it matches several',
  },
  {
    title: 'alternatives behind references',
    schema: DEFINED,
    value: { owner: { name: 'x' } },
    path: 'input.owner.name',
    message: 'must have at least 2 characters',
  },
  {
    title: 'the types of alternatives behind references',
    schema: DEFINED,
    value: { owner: 1 },
    path: 'input.owner',
    message: 'must be an object or a string, not a number',
  },
  {
    title: 'an inherited name that is required',
    schema: { required: ['toString'] },
    value: {},
    path: 'input.toString',
    message: 'is missing',
  },
  {
    title: 'a required name behind __proto__',
    schema: { required: ['x'] },
    value: parsed('{"__proto__":{"x":1}}'),
    path: 'input.x',
    message: 'is missing',
  },
  {
    title: 'the name __proto__',
    schema: objectOf({ x: true }, { additionalProperties: false }),
    value: parsed('{"__proto__":1}'),
    path: 'input.__proto__',
    message: 'is not declared by the schema',
    hint: 'known: "x"',
  },
];

const schemas = useChecker();

describe('checkValue', () => {
  it.each(MISFITS)('tells of $title', async ({ schema, value, path, message, hint }) => {
    expect(await schemas.checkValue(schema, value)).toEqual([
      { code: 'INVALID_INPUT', path, message, ...(hint === undefined ? {} : { hint }) },
    ]);
  });

  it('accepts what fits', async () => {
    const schema = objectOf(
      { day: { type: 'string', format: 'date' }, to: { type: 'string', format: 'email' } },
      { required: ['to'] },
    );
    expect(await schemas.checkValue(schema, { day: '2026-11-21', to: 'boss@example.com', more: [1] })).toEqual([]);
    expect(await schemas.checkValue(true, { anything: null })).toEqual([]);
    expect(await schemas.checkValue(DEFINED, { owner: { name: 'Ada' } })).toEqual([]);
    expect(await schemas.checkValue(SHAPES, { kind: 'circle', radius: 2 })).toEqual([]);
  });

  it('keeps patterns apart', async () => {
    const schema = objectOf({ a: { pattern: '^a$' }, b: { pattern: '^b$' } });
    expect(await schemas.checkValue(schema, { a: 'a', b: 'b' })).toEqual([]);
    expect((await schemas.checkValue(schema, { a: 'b', b: 'a' })).map(({ path }) => path)).toEqual(['input.a', 'input.b']);
  });

  it('tells of every problem, up to twenty', async () => {
    const schema = objectOf({ a: { type: 'string' }, list: { items: { type: 'string' } } });
    const problems = await schemas.checkValue(schema, { a: 1, list: Array.from({ length: 50 }, (_, index) => index) });
    expect(problems).toHaveLength(20);
    expect(problems[0]?.path).toBe('input.a');
    expect(problems[19]?.path).toBe('input.list[18]');
  });

  it('does not repeat the text of the value', async () => {
    const text = 'my-private-text';
    const schema = objectOf({
      a: { enum: ['x'] },
      b: { pattern: '^x$' },
      c: { type: 'number' },
      d: { format: 'uuid' },
      e: { const: 1 },
    });
    const problems = await schemas.checkValue(schema, { a: text, b: text, c: text, d: text, e: text });
    expect(problems).toHaveLength(5);
    expect(JSON.stringify(problems)).not.toContain(text);
  });

  it('cuts long names short', async () => {
    const [problem] = await schemas.checkValue({ additionalProperties: false }, { ['n'.repeat(5_000)]: 1 });
    expect(problem?.path.length).toBeLessThan(200);
  });

  it('says why a schema cannot be used', async () => {
    expect(await schemas.checkValue(objectOf({ a: { type: 'strng' } }), {})).toEqual([
      {
        code: 'INVALID_INPUT',
        path: 'input',
        message:
          'the input schema cannot be used: input.properties.a.type must be one of "array", "boolean", "integer", "null", "number", "object", "string"',
        hint: 'did you mean "string"?',
      },
    ]);
  });
});
