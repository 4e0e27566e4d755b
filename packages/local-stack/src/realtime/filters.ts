const OPERATORS = ['eq', 'neq', 'lt', 'lte', 'gt', 'gte', 'in', 'like', 'ilike', 'is', 'match', 'imatch', 'isdistinct'] as const;
type Operator = (typeof OPERATORS)[number];

/** One condition of a filter such as `status=not.eq.done`. */
export interface Condition {
  readonly column: string;
  readonly operator: Operator;
  /** For `in` the text of a Postgres array. */
  readonly value: string;
  readonly isNegated: boolean;
}

export type ParsedFilter = { readonly conditions: readonly Condition[] } | { readonly problem: string };

/** Reads `column=operator.value`, several of them separated by commas: all must hold. Nothing is no condition. */
export const parseFilter = (filter: string): ParsedFilter => {
  if (filter.trim() === '') return { conditions: [] };
  const conditions: Condition[] = [];
  for (const part of splitAtCommas(filter.trim())) {
    const parsed = parseCondition(part.trim());
    if ('problem' in parsed) return { problem: `Error parsing \`filter\` params: ${parsed.problem}` };
    conditions.push(parsed);
  }
  return { conditions };
};

export interface ConditionTerms {
  /** What stands for the column in the statement. */
  readonly column: string;
  /** The column's type, as SQL writes it. */
  readonly type: string;
  /** What stands for the value, of type text. */
  readonly value: string;
}

/** The condition as an expression that is true or not; null counts as not. Nothing of the client's text is part of it. */
export const conditionSql = (
  { operator, value: given, isNegated }: Condition,
  { column, type, value }: ConditionTerms,
): string => {
  const not = isNegated ? 'not ' : '';
  if (operator === 'is') return `${column} is ${not}${isKeyword(given) ? given : 'null'}`;
  if (operator === 'isdistinct') return `${column} is ${not}distinct from ${value}::${type}`;
  if (operator === 'in') return `${not}(${column} = any (${value}::${type}[]))`;
  return `${not}(${column} operator(pg_catalog.${SYMBOLS[operator]}) ${value}::${type})`;
};

/** What is wrong with a condition that reads well, given the type of its column; undefined: nothing that shows before it runs. */
export const findConditionProblem = ({ operator, value }: Condition, typeName: string): string | undefined => {
  if (operator === 'is' && !isKeyword(value)) return 'invalid value for is filter: must be null, true, false, or unknown';
  if (operator === 'is' && value !== 'null' && typeName !== 'bool')
    return `is ${value} filter requires a boolean column, got ${typeName}`;
  if ((operator === 'like' || operator === 'ilike') && /(^|[^\\])(\\\\)*\\$/.test(value))
    return `invalid pattern for ${operator} filter: it ends with a backslash`;
  return undefined;
};

const SYMBOLS = {
  eq: '=',
  neq: '<>',
  lt: '<',
  lte: '<=',
  gt: '>',
  gte: '>=',
  like: '~~',
  ilike: '~~*',
  match: '~',
  imatch: '~*',
} as const;

const isKeyword = (value: string): boolean => ['null', 'true', 'false', 'unknown'].includes(value);

const isOperator = (word: string): word is Operator => (OPERATORS as readonly string[]).includes(word);

const parseCondition = (text: string): Condition | { readonly problem: string } => {
  if (text === '') return { problem: 'filter must not contain empty segments (check for extra commas)' };
  const [, column, negation, operator, value] = /^([^=]+)=(not\.)?([^.]*)\.(.*)$/s.exec(text) ?? [];
  if (column === undefined || operator === undefined || value === undefined) return { problem: quoteList([text]) };
  if (!isOperator(operator)) return { problem: quoteList([operator, value]) };
  const head = { column, operator, isNegated: negation !== undefined };
  if (operator !== 'in') return { ...head, value: unquote(value) };
  return /^\(.*\)$/s.test(value)
    ? { ...head, value: `{${value.slice(1, -1)}}` }
    : { problem: '`in` filter value must be wrapped by parentheses' };
};

/** Commas inside parentheses or quoted values separate nothing. */
const splitAtCommas = (text: string): readonly string[] => {
  const parts: string[] = [];
  let depth = 0;
  let isQuoted = false;
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (isQuoted && character === '\\') at += 1;
    else if (character === '"' && (isQuoted || '.(,'.includes(text.charAt(at - 1)))) isQuoted = !isQuoted;
    else if (isQuoted) continue;
    else if (character === '(') depth += 1;
    else if (character === ')') depth = Math.max(0, depth - 1);
    else if (character === ',' && depth === 0) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  return [...parts, text.slice(start)];
};

const unquote = (value: string): string => {
  const inside = /^"((?:[^"\\]|\\.)*)"$/s.exec(value)?.[1];
  return inside === undefined ? value : inside.replaceAll(/\\(.)/gs, '$1');
};

const quoteList = (words: readonly string[]): string => `[${words.map((word) => JSON.stringify(word)).join(', ')}]`;
