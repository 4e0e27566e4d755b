import { definitionsOf, type JsonSchema } from './definitions.ts';

/** The definition in which an object of a schema stands; none for what stands outside of `$defs`. */
export type Homes = ReadonlyMap<unknown, string>;

/** Where each object of a schema stands. */
export function findHomes(schema: JsonSchema): Homes {
  const homes = new Map<unknown, string>();
  const visit = (value: unknown, home: string): void => {
    if (typeof value !== 'object' || value === null) return;
    homes.set(value, home);
    for (const item of Object.values(value)) visit(item, home);
  };
  for (const [name, definition] of Object.entries(definitionsOf(schema))) visit(definition, name);
  return homes;
}
