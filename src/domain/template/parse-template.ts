import { findExpressionEnd } from '../expression/scan-tokens.ts';
import { TemplateError } from './parse-reference.ts';
import { type Expression, readExpression } from './read-expression.ts';

/** A piece of a template string: literal text, or an expression between `{{` and `}}`. */
export type TemplatePart = { readonly literal: string } | { readonly expression: Expression };

/** Splits a string into literals and expressions; `undefined` when it holds no template. */
export function parseTemplate(source: string): readonly TemplatePart[] | undefined {
  if (!source.includes('{{')) return undefined;
  const parts: TemplatePart[] = [];
  let at = 0;
  while (at < source.length) {
    const open = source.indexOf('{{', at);
    if (open === -1) {
      parts.push({ literal: source.slice(at) });
      break;
    }
    if (open > at) parts.push({ literal: source.slice(at, open) });
    const close = findExpressionEnd(source, open + 2);
    if (close === undefined) throw new TemplateError(`"{{" at position ${open + 1} is never closed by "}}"`);
    parts.push({ expression: readExpression(source.slice(open + 2, close)) });
    at = close + 2;
  }
  return parts;
}
