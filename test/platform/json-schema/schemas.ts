import type { Json, JsonObject } from '@durabase/contracts';

/** `{ wrap: { wrap: … inner } }`, so many levels of it. */
export const nest = (levels: number, wrap: (inner: Json) => Json, inner: Json): Json =>
  Array.from({ length: levels }).reduce<Json>((value) => wrap(value), inner);

/** An object with so many properties. */
export const wide = (count: number, make: (index: number) => Json): JsonObject =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, make(index)]));

/** Every level of the value is tried in eight ways, each of which fails at the bottom: 8^n checks for n levels. */
export const BOMB: JsonObject = {
  $ref: '#/$defs/node',
  $defs: { node: { anyOf: Array.from({ length: 8 }, () => ({ type: 'array', items: { $ref: '#/$defs/node' } })) } },
};
/** What sets {@link BOMB} off. */
export const FUSE: Json = nest(20, (inner) => [inner], 'bottom');

/** Every item fails in two hundred ways, and each of them is remembered. */
export const HOARD: JsonObject = { items: { anyOf: Array.from({ length: 200 }, () => ({ type: 'string' })) } };
/** What fills {@link HOARD}. */
export const LOAD: Json = Array.from({ length: 100_000 }, () => 1);

/** A definition that names the next one twice, and so on. */
export const doubling = (levels: number): JsonObject => ({
  $ref: '#/$defs/d0',
  $defs: Object.fromEntries(
    Array.from({ length: levels + 1 }, (_, index) => {
      const next = { $ref: `#/$defs/d${index + 1}` };
      return [`d${index}`, index === levels ? {} : { properties: { left: next, right: next } }];
    }),
  ),
});
