import type { Json } from '@durabase/contracts';
import { parseTemplate, type Reference, TemplateError } from './parse-template.ts';

/** A reference and where it stands. */
export interface FoundReference {
  readonly reference: Reference;
  /** Names and indexes from the value that was searched. */
  readonly at: readonly (string | number)[];
  /** Whether its string holds anything else. */
  readonly isAlone: boolean;
  /** The literal text before it, where its string holds nothing else; otherwise a text that no place accepts. */
  readonly prefix: string;
}

/** Every reference inside a value, and every string that cannot be read as a template. */
export function collectReferences(value: Json): {
  readonly found: readonly FoundReference[];
  readonly broken: readonly { at: readonly (string | number)[]; message: string }[];
} {
  const found: FoundReference[] = [];
  const broken: { at: readonly (string | number)[]; message: string }[] = [];
  const visit = (item: Json, at: readonly (string | number)[]): void => {
    if (typeof item === 'string') {
      try {
        const parts = parseTemplate(item) ?? [];
        parts.forEach((part, index) => {
          if (!('reference' in part)) return;
          const [before] = parts;
          const isAlone = parts.length === 1;
          const isLastOfTwo = parts.length === 2 && index === 1 && before !== undefined && 'literal' in before;
          const prefix = isLastOfTwo ? before.literal : isAlone ? '' : '\u0001';
          found.push({ reference: part.reference, at, isAlone, prefix });
        });
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error;
        broken.push({ at, message: error.message });
      }
    } else if (Array.isArray(item)) {
      item.forEach((entry: Json, index) => visit(entry, [...at, index]));
    } else if (typeof item === 'object' && item !== null) {
      for (const [key, entry] of Object.entries(item)) visit(entry as Json, [...at, key]);
    }
  };
  visit(value, []);
  return { found, broken };
}
