import type { JsonObject } from '@durabase/contracts';
import { objectOf } from './use-checker.ts';

const INSIDE = 'a schema is complete in itself: put parts into "$defs" and refer to them by "$ref": "#/$defs/name"';
const RE2 = 'look-around such as (?=…) and backreferences such as \\1 are not supported';
const REFERENCE = 'write "#/$defs/name", where the name has letters, digits, ".", "_" or "-"';
const withKey = (key: string, value: unknown): JsonObject =>
  JSON.parse(`{${JSON.stringify(key)}:${JSON.stringify(value)}}`) as JsonObject;

/** A schema that cannot be used, and what is said of it. */
interface Refused {
  readonly title: string;
  readonly schema: JsonObject;
  readonly path: string;
  readonly message: string;
  readonly hint?: string;
}

/** Schemas with one problem each. */
export const REFUSED: readonly Refused[] = [
  {
    title: 'an unknown type, with the one that was meant',
    schema: objectOf({ a: { type: 'strng' } }),
    path: 'input.properties.a.type',
    message: 'must be one of "array", "boolean", "integer", "null", "number", "object", "string"',
    hint: 'did you mean "string"?',
  },
  {
    title: 'a keyword with a value of another type',
    schema: objectOf({ a: { minLength: '2' } }),
    path: 'input.properties.a.minLength',
    message: 'must be a whole number, not a string',
  },
  { title: 'a negative length', schema: { minLength: -1 }, path: 'input.minLength', message: 'must be >= 0' },
  {
    title: 'names that are required twice',
    schema: { required: ['a', 'a'] },
    path: 'input.required',
    message: 'must NOT have duplicate items (items ## 1 and 0 are identical)',
  },
  {
    title: 'properties that are no object',
    schema: { properties: [] },
    path: 'input.properties',
    message: 'must be an object, not a list',
  },
  {
    title: 'a list of schemas under "items"',
    schema: objectOf({ a: { items: [{ type: 'string' }] } }),
    path: 'input.properties.a.items',
    message: 'must be one schema',
    hint: 'write "prefixItems" for items that differ by position',
  },
  {
    title: 'a pattern with look-ahead',
    schema: objectOf({ a: { pattern: '(?=a)b' } }),
    path: 'input.properties.a.pattern',
    message: 'must be a pattern in RE2 syntax',
    hint: RE2,
  },
  {
    title: 'a pattern that is not closed',
    schema: { anyOf: [{ pattern: '(' }] },
    path: 'input.anyOf[0].pattern',
    message: 'must be a pattern in RE2 syntax',
    hint: RE2,
  },
  {
    title: 'a backreference among the names of properties',
    schema: { patternProperties: { '(a)\\1': true } },
    path: 'input.patternProperties["(a)\\\\1"]',
    message: 'must be a pattern in RE2 syntax',
    hint: RE2,
  },
  {
    title: 'a pattern whose repetitions multiply',
    schema: { pattern: '((a{100}){100}){100}' },
    path: 'input.pattern',
    message: 'must be a pattern in RE2 syntax',
    hint: RE2,
  },
  {
    title: 'a reference to another host',
    schema: objectOf({ a: { $ref: 'http://127.0.0.1:1/schema.json' } }),
    path: 'input.properties.a["$ref"]',
    message: 'a reference stays inside the schema',
    hint: REFERENCE,
  },
  {
    title: 'a reference to a file',
    schema: { $ref: 'file:///etc/passwd' },
    path: 'input["$ref"]',
    message: 'a reference stays inside the schema',
    hint: REFERENCE,
  },
  {
    title: 'a reference to the whole schema',
    schema: objectOf({ a: { $ref: '#' } }),
    path: 'input.properties.a["$ref"]',
    message: 'a reference stays inside the schema',
    hint: REFERENCE,
  },
  {
    title: 'a reference to data inside a definition',
    schema: { $defs: { a: { const: {} } }, $ref: '#/$defs/a/const' },
    path: 'input["$ref"]',
    message: 'a reference stays inside the schema',
    hint: REFERENCE,
  },
  {
    title: 'a reference that is no text',
    schema: { $ref: 5 },
    path: 'input["$ref"]',
    message: 'a reference stays inside the schema',
    hint: REFERENCE,
  },
  {
    title: 'a reference to no definition, with the one that was meant',
    schema: { $defs: { address: true }, $ref: '#/$defs/adress' },
    path: 'input["$ref"]',
    message: '"$defs" has no "adress"',
    hint: 'did you mean "address"?',
  },
  {
    title: 'a reference to an inherited name',
    schema: { $defs: {}, $ref: '#/$defs/toString' },
    path: 'input["$ref"]',
    message: '"$defs" has no "toString"',
    hint: 'there is none',
  },
  {
    title: 'a schema that refers to itself at once',
    schema: { $defs: { a: { $ref: '#/$defs/a' } }, $ref: '#/$defs/a' },
    path: 'input',
    message: 'the schema refers to itself without going into the value',
  },
  {
    title: 'a schema that refers to itself through alternatives',
    schema: {
      $defs: { a: { anyOf: [{ $ref: '#/$defs/b' }, { type: 'string' }] }, b: { not: { $ref: '#/$defs/a' } } },
      $ref: '#/$defs/a',
    },
    path: 'input',
    message: 'the schema refers to itself without going into the value',
  },
  ...['$id', '$anchor', '$dynamicRef', '$dynamicAnchor', '$recursiveRef', '$vocabulary', '$data'].map((key) => ({
    title: `the keyword ${key}`,
    schema: objectOf({ a: { [key]: 'x' } }),
    path: `input.properties.a["${key}"]`,
    message: `"${key}" is not supported`,
    hint: INSIDE,
  })),
  {
    title: 'a validator that answers later, which would let everything pass',
    schema: { $async: true, type: 'string' },
    path: 'input["$async"]',
    message: '"$async" is not supported',
    hint: INSIDE,
  },
  {
    title: 'a keyword that is hidden below an unknown one',
    schema: { 'x-more': { deep: { $id: 'http://example.com/' } } },
    path: 'input.x-more.deep["$id"]',
    message: '"$id" is not supported',
    hint: INSIDE,
  },
  {
    title: 'a keyword below a property that is named like a keyword',
    schema: objectOf({ enum: { $id: 'x' } }),
    path: 'input.properties.enum["$id"]',
    message: '"$id" is not supported',
    hint: INSIDE,
  },
  {
    title: 'an unknown dialect',
    schema: { $schema: 'http://example.com/meta.json' },
    path: 'input["$schema"]',
    message: 'this dialect is not known',
    hint: 'leave it out, or write "https://json-schema.org/draft/2020-12/schema"',
  },
  {
    title: 'the name __proto__',
    schema: { properties: withKey('__proto__', { type: 'string' }) },
    path: 'input.properties.__proto__',
    message: 'the name "__proto__" is refused',
    hint: 'use another name',
  },
  {
    title: 'the name constructor',
    schema: objectOf(withKey('constructor', {})),
    path: 'input.properties.constructor',
    message: 'the name "constructor" is refused',
    hint: 'use another name',
  },
  {
    title: 'the name prototype in data',
    schema: { default: [withKey('prototype', 1)] },
    path: 'input.default[0].prototype',
    message: 'the name "prototype" is refused',
    hint: 'use another name',
  },
  {
    title: 'nullable without a type',
    schema: { nullable: true },
    path: 'input',
    message: 'this schema cannot be used: "nullable" cannot be used without "type"',
  },
  {
    title: 'the old keyword id',
    schema: { id: 'x' },
    path: 'input',
    message: 'this schema cannot be used: NOT SUPPORTED: keyword "id", use "$id" for schema ID',
  },
];
