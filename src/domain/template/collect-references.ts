import type { Json } from '@durabase/contracts';
import { type Reference, TemplateError } from './parse-reference.ts';
import { parseTemplate } from './parse-template.ts';
import type { Expression } from './read-expression.ts';

/** A reference and where it stands. */
export interface FoundReference {
  readonly reference: Reference;
  /** Names and indexes from the value that was searched. */
  readonly at: readonly (string | number)[];
  /** Whether its string holds nothing but this path. */
  readonly isAlone: boolean;
  /** The literal text before it, where its string holds nothing else; otherwise a text that no place accepts. */
  readonly prefix: string;
}

/** A string that cannot be read as a template. */
export interface BrokenTemplate {
  readonly at: readonly (string | number)[];
  readonly message: string;
  readonly hint?: string;
}

const writePath = (path: readonly (string | number)[]): string =>
  path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');

/** The paths that an expression reads. */
export const referencesIn = ({ text, path, references }: Expression): readonly Reference[] =>
  references.map((read) => ({ text: path === undefined ? writePath(read) : text, path: read }));

/** Every reference inside a value, and every string that cannot be read as a template. */
export function collectReferences(value: Json): {
  readonly found: readonly FoundReference[];
  readonly broken: readonly BrokenTemplate[];
  /** The places of all strings that are filled in, with paths or with what is computed without any. */
  readonly templated: readonly (readonly (string | number)[])[];
} {
  const templated: (readonly (string | number)[])[] = [];
  const found: FoundReference[] = [];
  const broken: BrokenTemplate[] = [];
  const visit = (item: Json, at: readonly (string | number)[]): void => {
    if (typeof item === 'string') {
      try {
        const parts = parseTemplate(item) ?? [];
        if (parts.length > 0) templated.push(at);
        parts.forEach((part, index) => {
          if (!('expression' in part)) return;
          const [before] = parts;
          const isPath = part.expression.path !== undefined;
          const isAlone = parts.length === 1 && isPath;
          const isLastOfTwo = parts.length === 2 && index === 1 && before !== undefined && 'literal' in before && isPath;
          const prefix = isLastOfTwo ? before.literal : isAlone ? '' : '\u0001';
          for (const reference of referencesIn(part.expression)) found.push({ reference, at, isAlone, prefix });
        });
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error;
        broken.push({ at, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) });
      }
    } else if (Array.isArray(item)) {
      item.forEach((entry: Json, index) => visit(entry, [...at, index]));
    } else if (typeof item === 'object' && item !== null) {
      for (const [key, entry] of Object.entries(item)) visit(entry as Json, [...at, key]);
    }
  };
  visit(value, []);
  return { found, broken, templated };
}
