import { type Json, PlatformError } from '@durabase/contracts';
import { parseTemplate, type Reference, type TemplatePart } from './parse-template.ts';

/** The values that templates can see, by the first name of a path. Own properties only. */
export type Scope = Readonly<Record<string, Json>>;

const nearest = (value: Json | undefined): string => {
  if (typeof value !== 'object' || value === null) return '';
  const names = Object.keys(value).slice(0, 8);
  return names.length === 0 ? 'it is empty' : `there is ${names.map((name) => `"${name}"`).join(', ')}`;
};

/** The value behind a path. Throws TEMPLATE_UNRESOLVED with the part that is missing and what is there instead. */
export function readReference(reference: Reference, scope: Scope): Json {
  let value: Json = scope;
  let walked = '';
  for (const part of reference.path) {
    const holder: Json = value;
    const next: Json | undefined =
      typeof holder === 'object' && holder !== null && Object.hasOwn(holder, part)
        ? (holder as Readonly<Record<string | number, Json>>)[part]
        : undefined;
    const label = typeof part === 'number' ? `${walked}[${part}]` : walked === '' ? part : `${walked}.${part}`;
    if (next === undefined) {
      const hint = nearest(holder);
      throw new PlatformError('TEMPLATE_UNRESOLVED', {
        message: `{{ ${reference.text} }}: there is no ${label}`,
        ...(hint === '' ? {} : { hint: `in ${walked === '' ? 'this place' : walked} ${hint}` }),
      });
    }
    value = next;
    walked = label;
  }
  return value;
}

const asText = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value));

const resolveParts = (parts: readonly TemplatePart[], scope: Scope): Json => {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined && 'reference' in only) return readReference(only.reference, scope);
  return parts.map((part) => ('literal' in part ? part.literal : asText(readReference(part.reference, scope)))).join('');
};

const holdsSecret = (parts: readonly TemplatePart[]): boolean =>
  parts.some((part) => 'reference' in part && part.reference.path[0] === 'secrets');

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
