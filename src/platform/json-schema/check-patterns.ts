import { isJsonObject, type Json } from '@durabase/contracts/json';
import type { Problem } from '@durabase/contracts';
import { formatPath } from '@durabase/contracts/json-path';
import { formatWords } from './schema-words.ts';
import { placeBelow, type SchemaPlace } from './schema-places.ts';

type Path = readonly (string | number)[];

/** Patterns that cannot be compiled: where they stand, and what is not supported. */
export function checkPatterns(schema: Json, isPattern: (text: string) => boolean): readonly Problem[] {
  const problems: Problem[] = [];
  const check = (pattern: string, at: Path): void => {
    if (!isPattern(pattern)) problems.push({ code: 'INVALID_TASK', path: formatPath(['input', ...at]), ...formatWords('regex') });
  };
  const visit = (value: Json, at: Path, place: SchemaPlace): void => {
    if (typeof value !== 'object' || value === null || place === 'data') return;
    if (Array.isArray(value)) return value.forEach((item: Json, index) => visit(item, [...at, index], place));
    for (const [key, item] of Object.entries(value as Readonly<Record<string, Json>>)) {
      if (place === 'schema' && key === 'pattern' && typeof item === 'string') check(item, [...at, key]);
      if (place === 'schema' && key === 'patternProperties' && isJsonObject(item)) {
        for (const pattern of Object.keys(item)) check(pattern, [...at, key, pattern]);
      }
      visit(item, [...at, key], placeBelow(key, place));
    }
  };
  visit(schema, [], 'schema');
  return problems;
}
