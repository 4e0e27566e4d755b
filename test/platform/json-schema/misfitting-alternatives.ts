import type { JsonObject } from '@durabase/contracts';
import type { Misfit } from './misfit.ts';
import { nested, objectOf, RECURSIVE_BOMB } from './use-checker.ts';

/** Told apart by a constant. */
export const SHAPES: JsonObject = {
  oneOf: [
    objectOf({ kind: { const: 'circle' }, radius: { type: 'number' } }, { required: ['kind', 'radius'] }),
    objectOf({ kind: { const: 'square' }, side: { type: 'number' } }, { required: ['kind', 'side'] }),
  ],
};
/** Alternatives behind references, of which one refers to the other. */
export const DEFINED: JsonObject = {
  $defs: { name: { type: 'string', minLength: 2 }, person: objectOf({ name: { $ref: '#/$defs/name' } }, { required: ['name'] }) },
  ...objectOf({ owner: { anyOf: [{ $ref: '#/$defs/person' }, { $ref: '#/$defs/name' }] } }),
};

/** What `anyOf` and `oneOf` say: the validator tells of every branch, the caller of the one that was meant. */
export const MISFITTING_ALTERNATIVES: readonly Misfit[] = [
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
    title: 'the deepest place of a definition that refers to itself',
    schema: RECURSIVE_BOMB,
    value: nested(3),
    path: 'input.a.a.a',
    message: 'must be an object, not a string',
  },
  {
    title: 'alternatives in a definition, behind a reference to another one',
    schema: {
      $defs: { name: { type: 'string' }, owner: { anyOf: [{ $ref: '#/$defs/name' }, { type: 'null' }] } },
      $ref: '#/$defs/owner',
    },
    value: 5,
    path: 'input',
    message: 'must be a string or null, not a number',
  },
];
