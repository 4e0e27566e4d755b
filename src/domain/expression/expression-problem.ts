/** Codes of what can be wrong with an expression, before and while it is evaluated. */
export const EXPRESSION_CODES = {
  EXPRESSION_SYNTAX: 'The expression cannot be read',
  EXPRESSION_TOO_LONG: 'The expression is longer than 4,096 characters',
  EXPRESSION_TOO_COMPLEX: 'The expression has too many parts, or is nested too deeply',
  EXPRESSION_UNKNOWN_NAME: 'The expression reads a name that does not exist here',
  EXPRESSION_UNKNOWN_FUNCTION: 'The expression calls a function that does not exist',
  EXPRESSION_UNKNOWN_PROPERTY: 'The expression reads a property that the schema does not allow',
  EXPRESSION_REFUSED: 'The expression uses what may not be used here',
  EXPRESSION_TYPE: 'A value has the wrong type',
  EXPRESSION_INVALID_VALUE: 'A value cannot be converted or used in this way',
  EXPRESSION_NO_SUCH_KEY: 'A property or item is not there',
  EXPRESSION_OVERFLOW: 'A number leaves its range',
  EXPRESSION_COST: 'The expression takes too much work',
  EXPRESSION_TOO_LARGE: 'A value becomes too large',
  EXPRESSION_NOT_JSON: 'The result has no form in JSON',
} as const;

/** A code of {@link EXPRESSION_CODES}. */
export type ExpressionCode = keyof typeof EXPRESSION_CODES;

/** A place in the source. */
export interface Position {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
  /** From 0, in UTF-16 code units. */
  readonly offset: number;
}

/** One thing that is wrong with an expression. */
export interface ExpressionProblem {
  readonly code: ExpressionCode;
  /** What is wrong, with which value. */
  readonly message: string;
  readonly position: Position;
  /** What to do next. */
  readonly suggestion?: string;
  /** The path that could not be read, such as `steps.fetch.output.body`, where it is fixed. */
  readonly path?: string;
}

/** A problem at a node of the syntax tree; its place follows from the id. */
export interface NodeProblem {
  readonly id: bigint;
  readonly code: ExpressionCode;
  readonly message: string;
  readonly suggestion?: string;
  readonly path?: string;
}

/** Thrown when an evaluation fails. */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
  readonly problem: ExpressionProblem;

  constructor(problem: ExpressionProblem, options?: { readonly cause?: unknown }) {
    super(problem.message, options);
    this.problem = problem;
  }
}

const storableText = (text: string): string => text.replaceAll('\u0000', '\uFFFD').toWellFormed();

/** Texts of users stand in problems; Postgres keeps neither NUL nor half of a character. */
export const storable = (problem: ExpressionProblem): ExpressionProblem => ({
  ...problem,
  message: storableText(problem.message),
  ...(problem.suggestion === undefined ? {} : { suggestion: storableText(problem.suggestion) }),
  ...(problem.path === undefined ? {} : { path: storableText(problem.path) }),
});

/** Line and column of an offset. */
export function positionAt(source: string, offset: number): Position {
  const at = Math.max(0, Math.min(offset, source.length));
  const before = source.slice(0, at);
  const lines = before.split(/\r\n|\r|\n/);
  return { line: lines.length, column: (lines.at(-1) ?? '').length + 1, offset: at };
}
