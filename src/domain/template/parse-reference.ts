/** A reference such as `steps.fetch.output.body.items[0]`: a root and the names and indexes behind it. */
export interface Reference {
  readonly text: string;
  readonly path: readonly (string | number)[];
}

/** A string that cannot be read as a template, with what is wrong. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  /** What would be right. */
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]*/;
const INDEX = /^\[(\d{1,6})\]/;
const QUOTED = /^\[(?:"([^"\\\]]{1,200})"|'([^'\\\]]{1,200})')\]/;
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

/** Reads a path: a name, then `.name`, `[0]` or `["any name"]`. */
export function parseReference(source: string): Reference {
  const text = source.trim();
  const path: (string | number)[] = [];
  let rest = text;
  while (rest !== '' || path.length === 0) {
    const dotted = path.length > 0 && rest.startsWith('.') ? rest.slice(1) : rest;
    const name = path.length === 0 || rest.startsWith('.') ? NAME.exec(dotted) : null;
    const bracket = path.length > 0 ? (INDEX.exec(rest) ?? QUOTED.exec(rest)) : null;
    if (name === null && bracket === null) {
      throw new TemplateError(
        `"${text.slice(0, 100)}" is no path: expected a name such as input.customer.id at position ${text.length - rest.length + 1}`,
      );
    }
    const isIndex = bracket !== null && /^\[\d/.test(bracket[0]);
    const key = name?.[0] ?? bracket?.[1] ?? bracket?.[2] ?? '';
    if (FORBIDDEN.has(key)) throw new TemplateError(`"${key}" cannot be read`);
    path.push(isIndex ? Number(key) : key);
    rest = name === null ? rest.slice(bracket?.[0].length ?? 0) : dotted.slice(name[0].length);
    if (path.length > 32) throw new TemplateError('a path has at most 32 parts');
  }
  return { text, path };
}
