import { parse } from '@bufbuild/cel';
import { type ExpressionCode, type ExpressionProblem, positionAt } from './expression-problem.ts';
import { explainSyntax, findBrokenStructure } from './explain-syntax.ts';
import { MAX_LENGTH, MAX_NODES } from './limits.ts';
import { countNodes, type Node, nodesOf, type ParsedTree } from './tree.ts';

/** A tree, or why there is none. */
export type Parsed =
  | { readonly ok: true; readonly root: Node; readonly offsetOf: (id: bigint | number) => number }
  | { readonly ok: false; readonly problems: readonly ExpressionProblem[] };

const MIN_INT = -(2n ** 63n);
const MAX_INT = 2n ** 63n - 1n;
const MAX_UINT = 2n ** 64n - 1n;

const rawMessageOf = (error: Error): string =>
  'rawMessage' in error && typeof error.rawMessage === 'string' ? error.rawMessage : error.message;

const locationOf = (error: unknown): number | undefined => {
  const location = error instanceof Error && 'location' in error ? (error.location as { start?: { offset?: unknown } }) : {};
  return typeof location.start?.offset === 'number' ? location.start.offset : undefined;
};

/** The parser reads numbers that no value of their type can hold. */
function findBadNumber(root: Node): { readonly id: bigint; readonly text: string; readonly range: string } | undefined {
  for (const { id, exprKind } of nodesOf(root)) {
    if (exprKind.case !== 'constExpr') continue;
    const { constantKind } = exprKind.value;
    if (constantKind.case === 'int64Value' && (constantKind.value < MIN_INT || constantKind.value > MAX_INT)) {
      return { id, text: String(constantKind.value), range: 'of 64-bit integers' };
    }
    if (constantKind.case === 'uint64Value' && constantKind.value > MAX_UINT) {
      return { id, text: `${constantKind.value}u`, range: 'of unsigned 64-bit integers' };
    }
    if (constantKind.case === 'doubleValue' && !Number.isFinite(constantKind.value)) {
      return { id, text: 'this number', range: 'of 64-bit floating point' };
    }
  }
  return undefined;
}

function readTree(
  source: string,
): ParsedTree | { readonly code: ExpressionCode; message: string; offset: number; suggestion?: string } {
  try {
    return parse(source);
  } catch (error) {
    // Deep recursion of the parser, where brackets alone did not show it.
    if (error instanceof RangeError && error.message.includes('call stack')) {
      return { code: 'EXPRESSION_TOO_COMPLEX', message: 'the expression is nested too deeply', offset: 0 };
    }
    const offset = locationOf(error);
    if (error instanceof RangeError)
      return { code: 'EXPRESSION_SYNTAX', message: 'an escape in a text means no character', offset: 0 };
    const isOfWords = error instanceof Error && !rawMessageOf(error).startsWith('found ');
    if (!isOfWords) return explainSyntax(source, offset ?? 0);
    const word = rawMessageOf(error) === 'reserved keyword' ? /^\w+/.exec(source.slice(offset ?? 0))?.[0] : undefined;
    if (word !== undefined) {
      const message = `"${word}" is a word of the language and cannot be read as a name`;
      return { code: 'EXPRESSION_SYNTAX', message, offset: offset ?? 0, suggestion: `write ["${word}"] instead of .${word}` };
    }
    return { code: 'EXPRESSION_SYNTAX', message: rawMessageOf(error), offset: offset ?? 0 };
  }
}

/** Reads an expression within its bounds; names and types are looked at elsewhere. */
export function parseExpression(source: string): Parsed {
  const refuse = (code: ExpressionCode, message: string, offset: number, suggestion?: string): Parsed => ({
    ok: false,
    problems: [{ code, message, position: positionAt(source, offset), ...(suggestion === undefined ? {} : { suggestion }) }],
  });
  if (source.length > MAX_LENGTH) {
    return refuse(
      'EXPRESSION_TOO_LONG',
      `the expression has ${source.length.toLocaleString('en-US')} characters; at most ${MAX_LENGTH.toLocaleString('en-US')} are read`,
      MAX_LENGTH,
      'compute a part of it in a step of its own',
    );
  }
  const broken = findBrokenStructure(source);
  const tree = broken ?? readTree(source);
  if ('code' in tree) return refuse(tree.code, tree.message, tree.offset, tree.suggestion);
  const root = tree.expr;
  if (root === undefined) return refuse('EXPRESSION_SYNTAX', 'the expression is empty', 0);
  const offsetOf = (id: bigint | number): number => tree.sourceInfo?.positions[String(id)] ?? 0;
  const count = countNodes(root);
  if (count > MAX_NODES) {
    return refuse(
      'EXPRESSION_TOO_COMPLEX',
      `the expression has ${count} parts; at most ${MAX_NODES} are allowed`,
      0,
      'compute a part of it in a step of its own',
    );
  }
  const number = findBadNumber(root);
  if (number !== undefined) {
    return refuse('EXPRESSION_OVERFLOW', `${number.text} is beyond the range ${number.range}`, offsetOf(number.id));
  }
  return { ok: true, root, offsetOf };
}
