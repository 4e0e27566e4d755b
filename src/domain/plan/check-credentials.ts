import type { JsonObject, Problem } from '@durabase/contracts';
import { isJsonObject } from '@durabase/contracts';
import type { CatalogEntry } from './action-catalog.ts';
import { isSecretField } from './check-references.ts';
import { problem } from './problem.ts';

/** Names of fields and headers whose value is a credential. */
const CREDENTIAL_NAME =
  /^(?:bearer|password|authorization|proxy-authorization|cookie|(?:x-)?api[-_]?key|access[-_]?key|.*(?:token|secret)|header)$/i;
/** Values that are credentials wherever they stand. */
const CREDENTIAL_VALUE =
  /\b(?:sk-[A-Za-z0-9_-]{20,}|sb_secret_[A-Za-z0-9_-]{10,}|gh[pousr]_[A-Za-z0-9]{30,}|xox[abpr]-[A-Za-z0-9-]{10,}|AKIA[A-Z0-9]{16}|eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,})\b/;

/** Literals that look like credentials: they would stand in every version, history and backup. */
export function checkCredentials(input: JsonObject, at: readonly (string | number)[], entry: CatalogEntry): readonly Problem[] {
  const problems: Problem[] = [];
  const visit = (value: unknown, inner: readonly (string | number)[]): void => {
    if (Array.isArray(value)) return value.forEach((item, index) => visit(item, [...inner, index]));
    if (isJsonObject(value)) return Object.entries(value).forEach(([key, item]) => visit(item, [...inner, key]));
    if (typeof value !== 'string' || value === '' || value.includes('{{')) return undefined;
    const name = inner.findLast((part) => typeof part === 'string' && part !== 'value') ?? '';
    const isNamed = isSecretField(inner, entry) && CREDENTIAL_NAME.test(String(name));
    if (isNamed || CREDENTIAL_VALUE.test(value)) {
      problems.push(
        problem([...at, ...inner], 'this looks like a credential', { hint: 'store it as a secret and write {{ secrets.NAME }}' }),
      );
    }
    return undefined;
  };
  visit(input, []);
  return problems;
}
