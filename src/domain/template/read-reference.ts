import { type Json, PlatformError } from '@durabase/contracts';
import type { Reference } from './parse-reference.ts';

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
