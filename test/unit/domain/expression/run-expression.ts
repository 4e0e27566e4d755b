import type { Json } from '@durabase/contracts';
import { compileExpression, type CompileOptions } from '../../../../src/domain/expression/compile-expression.ts';
import type { EvaluateOptions, Program } from '../../../../src/domain/expression/create-program.ts';
import { ExpressionError, type ExpressionProblem } from '../../../../src/domain/expression/expression-problem.ts';

export type Bindings = Readonly<Record<string, Json>>;

/** Options that let an expression read these names, with nothing known of them. */
export const readingAll = (bindings: Bindings): CompileOptions => ({
  variables: Object.fromEntries(Object.keys(bindings).map((name) => [name, true])),
});

export function programOf(source: string, options: CompileOptions): Program {
  const compiled = compileExpression(source, options);
  if (compiled.ok) return compiled.program;
  throw new Error(`${source} was refused: ${JSON.stringify(compiled.problems)}`);
}

/** What the expression gives for these values. */
export const run = (source: string, bindings: Bindings = {}, options?: EvaluateOptions): Json =>
  programOf(source, readingAll(bindings)).evaluate(bindings, options);

/** Why the expression is refused before it meets a value. */
export function refusal(source: string, options: CompileOptions = { variables: {} }): ExpressionProblem {
  const compiled = compileExpression(source, options);
  const first = compiled.ok ? undefined : compiled.problems[0];
  if (first === undefined) throw new Error(`${source} was not refused`);
  return first;
}

/** Why the expression fails with these values. */
export function failure(source: string, bindings: Bindings = {}, options?: EvaluateOptions): ExpressionProblem {
  const program = programOf(source, readingAll(bindings));
  try {
    const value = program.evaluate(bindings, options);
    throw new Error(`${source} gave ${JSON.stringify(value)?.slice(0, 100) ?? ''}`);
  } catch (error) {
    if (error instanceof ExpressionError) return error.problem;
    throw error;
  }
}
