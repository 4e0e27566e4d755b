import type { Json } from '@durabase/contracts';
import { parseTemplate, type TemplatePart } from './parse-template.ts';
import type { Scope } from './read-reference.ts';

const asText = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

const resolveParts = (parts: readonly TemplatePart[], scope: Scope): Json => {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined && 'expression' in only) return only.expression.evaluate(scope);
  return parts.map((part) => ('literal' in part ? part.literal : asText(part.expression.evaluate(scope)))).join('');
};

const holdsSecret = (parts: readonly TemplatePart[]): boolean =>
  parts.some((part) => 'expression' in part && part.expression.references.some(([root]) => root === 'secrets'));

/**
 * Replaces every template inside a value. A string that is one single template keeps the type of what it refers to.
 * Strings with secrets stay as they are written: what comes out is stored.
 */
export function resolveTemplates(value: Json, scope: Scope): Json {
  if (typeof value === 'string') {
    const parts = parseTemplate(value);
    return parts === undefined || holdsSecret(parts) ? value : resolveParts(parts, scope);
  }
  if (Array.isArray(value)) return value.map((item: Json) => resolveTemplates(item, scope));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, resolveTemplates(item as Json, scope)]));
}
