import type { Json } from '@durabase/contracts';
import { parseTemplate, type Reference, TemplateError } from './parse-template.ts';

/** A reference and where it stands. */
export interface FoundReference {
  readonly reference: Reference;
  /** Names and indexes from the value that was searched. */
  readonly at: readonly (string | number)[];
  /** Whether its string holds anything else. */
  readonly isAlone: boolean;
  /** The literal text before it in its string. */
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
          const before = parts[index - 1];
          const prefix = before !== undefined && 'literal' in before ? before.literal : '';
          found.push({ reference: part.reference, at, isAlone: parts.length === 1, prefix: index <= 1 ? prefix : '\u0001' });
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
