import { type Json, PlatformError } from '@durabase/contracts';
import { compileExpression } from '../expression/compile-expression.ts';
import { ExpressionError, type ExpressionProblem } from '../expression/expression-problem.ts';
import { parseReference, TemplateError } from './parse-reference.ts';
import { readReference, type Scope } from './read-reference.ts';

/** An expression of a task, ready to be evaluated. */
export interface Expression {
  readonly text: string;
  /** The path, where it is nothing else. */
  readonly path?: readonly (string | number)[];
  /** Every path that it reads. */
  readonly references: readonly (readonly (string | number)[])[];
  /** Throws PlatformError TEMPLATE_UNRESOLVED. */
  readonly evaluate: (scope: Scope) => Json;
}

/** Every name that may stand somewhere; where it may stand is checked when the task is saved. */
export const EXPRESSION_NAMES = ['input', 'steps', 'run', 'step', 'workspace', 'task', 'item', 'index', 'secrets'] as const;
const OPEN = { variables: Object.fromEntries(EXPRESSION_NAMES.map((name) => [name, true])), hidden: ['secrets'] };
const UNREADABLE = new Set<string | number>(['__proto__', 'constructor', 'prototype']);

/** What is wrong with an expression, and where in it. */
export const describeProblem = ({ message, position }: ExpressionProblem): string =>
  position.offset === 0 ? message : `${message} (at position ${position.offset + 1})`;

const asPath = (text: string): Expression | undefined => {
  try {
    const reference = parseReference(text);
    return {
      text: reference.text,
      path: reference.path,
      references: [reference.path],
      evaluate: (scope) => readReference(reference, scope),
    };
  } catch (error) {
    if (error instanceof TemplateError) return undefined; // more than a path
    throw error;
  }
};

function compile(source: string): Expression {
  const text = source.trim();
  const compiled = compileExpression(text, OPEN);
  if (!compiled.ok) {
    const [problem] = compiled.problems;
    throw new TemplateError(
      problem === undefined ? 'it cannot be read' : `"${text.slice(0, 100)}": ${describeProblem(problem)}`,
      problem?.suggestion,
    );
  }
  const { program } = compiled;
  const paths = program.references.map(({ path }) => path);
  const unreadable = paths.flat().find((part) => UNREADABLE.has(part));
  if (unreadable !== undefined) {
    throw new TemplateError(`"${text.slice(0, 100)}": "${unreadable}" cannot be read`, 'give what is to be read another name');
  }
  // A path is read without the machine: nothing of its value changes on the way.
  const plain = program.path === undefined ? undefined : asPath(text);
  if (plain !== undefined) return plain;
  return {
    text,
    references: paths,
    evaluate: (scope) => {
      try {
        return program.evaluate(scope);
      } catch (error) {
        if (!(error instanceof ExpressionError)) throw error;
        const { suggestion } = error.problem;
        throw new PlatformError('TEMPLATE_UNRESOLVED', {
          message: `{{ ${text.slice(0, 200)} }}: ${describeProblem(error.problem)}`,
          ...(suggestion === undefined ? {} : { hint: suggestion }),
        });
      }
    },
  };
}

const MAX_KEPT = 2_000;
const kept = new Map<string, Expression>();

/** Reads an expression, once for as long as it is in use. Throws {@link TemplateError}. */
export function readExpression(source: string): Expression {
  const known = kept.get(source);
  if (known !== undefined) return known;
  const expression = compile(source);
  kept.set(source, expression);
  const oldest = kept.keys().next().value;
  if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
  return expression;
}
