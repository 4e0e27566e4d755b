import { isJsonObject, type Json, type Problem } from '@durabase/contracts';
import { TemplateError } from '../template/parse-reference.ts';
import { parseTemplate, type TemplatePart } from '../template/parse-template.ts';
import type { CatalogEntry } from './action-catalog.ts';
import { isSecretField } from './check-references.ts';
import { holdsPiece, isCredentialName, looksLikeCredential } from './credential-words.ts';
import { problem } from './problem.ts';

const partsOf = (text: string): readonly TemplatePart[] => {
  try {
    return parseTemplate(text) ?? [{ literal: text }];
  } catch (error) {
    if (error instanceof TemplateError) return []; // told as what it is
    throw error;
  }
};

/** Whether the value of a credential's field is written into the task, as a whole or in part. */
function isWritten(text: string): boolean {
  const parts = partsOf(text);
  if (parts.every((part) => 'literal' in part || part.expression.references.length === 0)) return parts.length > 0;
  return parts.some((part) => 'literal' in part && holdsPiece(part.literal));
}

/** Literals that look like credentials: they would stand in every version, history and backup. The value is not repeated. */
export function checkCredentials(
  input: Json,
  at: readonly (string | number)[],
  entry?: Pick<CatalogEntry, 'secretFields'>,
): readonly Problem[] {
  const problems: Problem[] = [];
  const visit = (value: unknown, inner: readonly (string | number)[]): void => {
    if (Array.isArray(value)) return value.forEach((item, index) => visit(item, [...inner, index]));
    if (isJsonObject(value)) return Object.entries(value).forEach(([key, item]) => visit(item, [...inner, key]));
    if (typeof value !== 'string' || value === '') return undefined;
    const name = inner.findLast((part) => typeof part === 'string' && part !== 'value') ?? '';
    const isNamed = entry !== undefined && isSecretField(inner, entry) && isCredentialName(String(name));
    if (looksLikeCredential(value) || (isNamed && isWritten(value))) {
      problems.push(
        problem([...at, ...inner], 'this looks like a credential', { hint: 'store it as a secret and write {{ secrets.NAME }}' }),
      );
    }
    return undefined;
  };
  visit(input, []);
  return problems;
}
