import type { ExpressionCode } from './expression-problem.ts';
import { MAX_NESTING } from './limits.ts';
import { scanTokens, type Token } from './scan-tokens.ts';

/** A problem of the source, before anything is known of its meaning. */
export interface SyntaxProblem {
  readonly code: ExpressionCode;
  readonly message: string;
  readonly offset: number;
  readonly suggestion?: string;
}

const CLOSING: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** What people write from habit, and what CEL has instead. */
const FOREIGN: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '===': 'write ==',
    '!==': 'write !=',
    '=': 'write == to compare; nothing can be assigned',
    '??': 'write coalesce(a, b)',
    '?.': 'write has(a.b) ? a.b : …, or coalesce(a.b, …)',
    '.?': 'write has(a.b) ? a.b : …, or coalesce(a.b, …)',
    '=>': 'write list.map(x, …) or list.filter(x, …)',
    '++': 'write + 1',
    '**': 'there is no power operator; multiply',
    '&': 'write &&',
    '|': 'write ||',
    ';': 'an expression is one formula, without ";"',
    '`': 'write text in quotes and join it with +',
    $: 'names have no "$"',
  }),
);
const WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    and: 'write &&',
    AND: 'write &&',
    or: 'write ||',
    OR: 'write ||',
    not: 'write !',
    NOT: 'write !',
    is: 'write ==',
    eq: 'write ==',
    then: 'write condition ? value : other',
    if: 'write condition ? value : other',
    else: 'write condition ? value : other',
  }),
);

const show = ({ kind, text }: Token): string => {
  const short = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return kind === 'text' ? short : `"${short}"`;
};

const syntax = (message: string, offset: number, suggestion?: string): SyntaxProblem => ({
  code: 'EXPRESSION_SYNTAX',
  message,
  offset,
  ...(suggestion === undefined ? {} : { suggestion }),
});

/** Brackets that do not match, text that does not end, nesting that is too deep: what makes reading on useless. */
export function findBrokenStructure(source: string): SyntaxProblem | undefined {
  const open: Token[] = [];
  for (const token of scanTokens(source)) {
    if (token.kind === 'unclosed text') return syntax('the text that begins here is never closed', token.offset, 'add the quote');
    if (token.kind === 'open') open.push(token);
    if (open.length > MAX_NESTING) {
      return {
        code: 'EXPRESSION_TOO_COMPLEX',
        message: `brackets are nested more than ${MAX_NESTING} deep`,
        offset: token.offset,
      };
    }
    if (token.kind !== 'close') continue;
    const opening = open.pop();
    if (opening === undefined) return syntax(`"${token.text}" closes nothing`, token.offset, 'remove it');
    const wanted = CLOSING[opening.text] ?? '';
    if (wanted !== token.text) {
      return syntax(`"${opening.text}" is closed by "${token.text}"`, token.offset, `write "${wanted}"`);
    }
  }
  const last = open.at(-1);
  return last === undefined
    ? undefined
    : syntax(`"${last.text}" is never closed`, last.offset, `add "${CLOSING[last.text] ?? ''}"`);
}

const isOperand = ({ kind }: Token): boolean => kind === 'name' || kind === 'number' || kind === 'text';
const needsOperand = ({ kind }: Token): boolean => kind === 'operator' || kind === 'dot';

function findMisfit(before: Token | undefined, token: Token): SyntaxProblem | undefined {
  if (token.kind === 'unknown' || (token.kind === 'operator' && FOREIGN.has(token.text))) {
    return syntax(`"${token.text}" means nothing here`, token.offset, FOREIGN.get(token.text));
  }
  const isEnd = before !== undefined && (isOperand(before) || before.kind === 'close');
  if (isOperand(token) && isEnd) {
    const word = [token, before].find(({ kind, text }) => kind === 'name' && WORDS.has(text));
    return syntax(
      `${show(before)} and ${show(token)} stand side by side`,
      token.offset,
      word === undefined ? 'put an operator such as + or == between them' : WORDS.get(word.text),
    );
  }
  const isPrefix = token.text === '!' || token.text === '-';
  const isInfix = token.kind === 'operator' && !isPrefix;
  if (before === undefined || !needsOperand(before)) {
    return isInfix && (before === undefined || before.kind === 'open' || before.kind === 'comma')
      ? syntax(`something is missing before "${token.text}"`, token.offset)
      : undefined;
  }
  return isInfix || token.kind === 'close' || token.kind === 'comma'
    ? syntax(`something is missing after "${before.text}"`, before.offset)
    : undefined;
}

/** Why the parser refused a source; `offset` is where it gave up. */
export function explainSyntax(source: string, offset: number): SyntaxProblem {
  const tokens = [...scanTokens(source)];
  if (source.trimStart().startsWith('{{'))
    return syntax('"{{" means nothing here', source.indexOf('{{'), 'write the expression alone');
  if (tokens.length === 0) return syntax('the expression is empty', 0, 'write a value such as input.name');
  for (const [index, token] of tokens.entries()) {
    const misfit = findMisfit(tokens[index - 1], token);
    if (misfit !== undefined) return misfit;
  }
  const last = tokens.at(-1);
  if (last !== undefined && needsOperand(last)) return syntax(`something is missing after "${last.text}"`, last.offset);
  const at = tokens.find((token) => token.offset >= offset);
  if (at === undefined) return syntax('the expression ends too early', source.length);
  return syntax(`the expression cannot be read from ${show(at)} on`, at.offset);
}
