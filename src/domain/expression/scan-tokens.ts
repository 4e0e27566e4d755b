/** A piece of the source. */
export interface Token {
  readonly kind: 'name' | 'number' | 'text' | 'operator' | 'open' | 'close' | 'comma' | 'dot' | 'unknown' | 'unclosed text';
  readonly text: string;
  readonly offset: number;
}

const SPACE = /(?:\s|\/\/[^\n]*)+/y;
const NUMBER = /(?:0[xX][0-9a-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)[uU]?/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const TEXT_START = /(?:[rR][bB]?|[bB][rR]?)?("""|'''|"|')/y;
/** Operators of CEL, and those of other languages that people write instead. */
const OPERATOR = /===|!==|\.\?|\?\?|\?\.|=>|\+\+|\*\*|&&|\|\||==|!=|<=|>=|[-+*/%<>!?:=&|;]/y;

const matchAt = (pattern: RegExp, source: string, offset: number): RegExpExecArray | null => {
  pattern.lastIndex = offset;
  return pattern.exec(source);
};

/** Where the text that starts here ends; `undefined` when it is never closed. */
function endOfText(source: string, start: RegExpExecArray, offset: number): number | undefined {
  const quote = start[1] ?? '"';
  const isRaw = /^[bB]?[rR]/.test(start[0]);
  for (let at = offset + start[0].length; at < source.length; at += 1) {
    if (source.startsWith(quote, at)) return at + quote.length;
    if (source[at] === '\\' && !isRaw) at += 1;
    else if (source[at] === '\n' && quote.length === 1) return undefined;
  }
  return undefined;
}

const kindOfMark = (mark: string): Token['kind'] => {
  if ('([{'.includes(mark)) return 'open';
  if (')]}'.includes(mark)) return 'close';
  if (mark === ',') return 'comma';
  return mark === '.' ? 'dot' : 'unknown';
};

function tokenAt(source: string, offset: number): Token {
  const start = matchAt(TEXT_START, source, offset);
  if (start !== null) {
    const end = endOfText(source, start, offset);
    if (end === undefined) return { kind: 'unclosed text', text: source.slice(offset), offset };
    return { kind: 'text', text: source.slice(offset, end), offset };
  }
  const number = matchAt(NUMBER, source, offset);
  if (number !== null) return { kind: 'number', text: number[0], offset };
  const name = matchAt(NAME, source, offset);
  if (name !== null) return { kind: name[0] === 'in' ? 'operator' : 'name', text: name[0], offset };
  const operator = matchAt(OPERATOR, source, offset);
  if (operator !== null) return { kind: 'operator', text: operator[0], offset };
  const mark = String.fromCodePoint(source.codePointAt(offset) ?? 0);
  return { kind: kindOfMark(mark), text: mark, offset };
}

/** The pieces of a source, lazily; the grammar itself is the parser's. */
export function* scanTokens(source: string, from = 0): Generator<Token> {
  let offset = from;
  while (offset < source.length) {
    const space = matchAt(SPACE, source, offset);
    if (space !== null) {
      offset += space[0].length;
      continue;
    }
    const token = tokenAt(source, offset);
    yield token;
    offset += token.text.length;
  }
}

/**
 * Where an expression inside of a template ends: the offset of the `}}` that closes it, text and nested braces skipped.
 * `undefined` when it is never closed.
 */
export function findExpressionEnd(source: string, from: number): number | undefined {
  let depth = 0;
  for (const { kind, text, offset } of scanTokens(source, from)) {
    if (text === '}' && depth === 0) return source[offset + 1] === '}' ? offset : undefined;
    if (kind === 'unclosed text') return undefined;
    if (text === '{') depth += 1;
    if (text === '}') depth -= 1;
  }
  return undefined;
}
