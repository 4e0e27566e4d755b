import { isJsonObject, type Json, type Problem } from '@durabase/contracts';
import { problem } from '../../domain/plan/problem.ts';
import { definitionsOf, type JsonSchema, referencedName } from './definitions.ts';

/** Arrays and objects of a schema when every reference is replaced by what it refers to; references in a circle count once. */
export const MAX_EXPANSION = 10_000;

/** A few definitions that name each other twice grow without measure: the size is computed, nothing is built. Pure. */
export function checkExpansion(schema: JsonSchema): readonly Problem[] {
  const definitions = definitionsOf(schema);
  const sizes = new Map<string, number>();

  const sizeOfDefinition = (name: string): number => {
    const known = sizes.get(name);
    if (known !== undefined) return known;
    sizes.set(name, 0); // while it is open, so that a circle ends
    const size = sizeOf(definitions[name] ?? true);
    sizes.set(name, size);
    return size;
  };
  const sizeOf = (value: Json): number => {
    if (typeof value !== 'object' || value === null) return 0;
    const name = isJsonObject(value) ? referencedName(value['$ref']) : undefined;
    let size = 1 + (name === undefined ? 0 : sizeOfDefinition(name));
    for (const item of Object.values(value)) size += sizeOf(item as Json);
    return Math.min(size, MAX_EXPANSION + 1);
  };

  if (sizeOf(schema) <= MAX_EXPANSION) return [];
  return [
    problem(['input'], `the schema grows beyond ${MAX_EXPANSION} objects and lists when its references are followed`, {
      hint: 'let definitions refer to each other less often',
    }),
  ];
}
