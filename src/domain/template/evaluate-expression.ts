import type { Json } from '@durabase/contracts';
import { parseReference } from './parse-template.ts';
import { readReference, type Scope } from './resolve-template.ts';

/** The value of an expression. Throws TEMPLATE_UNRESOLVED. */
export const evaluateExpression = (source: string, scope: Scope): Json => readReference(parseReference(source), scope);

/** The paths that an expression reads. */
export const referencesOf = (source: string): readonly (readonly (string | number)[])[] => [parseReference(source).path];
