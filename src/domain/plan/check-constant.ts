import type { Json } from '@durabase/contracts';
import type { Program } from '../expression/create-program.ts';
import { ExpressionError, type ExpressionProblem } from '../expression/expression-problem.ts';

/** What an expression that reads nothing gives each time. */
export type Constant = { readonly value: Json } | { readonly failure: ExpressionProblem };

/** Finds it; `undefined` where the expression reads something, or where finding out takes too much work. */
export type ConstantCheck = (program: Program) => Constant | undefined;

/** Enough for whatever people write down. */
const FIRST_COST = 2_000;
/** How many expressions of a task may take as much work as in a run. */
const MAX_LONG = 1;

/** For one task: what is tried out while it is saved is bounded as a whole. */
export function createConstantCheck(): ConstantCheck {
  let longLeft = MAX_LONG;
  const evaluate = (program: Program, maxCost?: number): Constant => {
    try {
      return { value: program.evaluate({}, maxCost === undefined ? {} : { maxCost }) };
    } catch (error) {
      if (error instanceof ExpressionError) return { failure: error.problem };
      throw error;
    }
  };
  return (program) => {
    if (program.references.length > 0) return undefined;
    const first = evaluate(program, FIRST_COST);
    if (!('failure' in first) || first.failure.code !== 'EXPRESSION_COST') return first;
    if (longLeft === 0) return undefined;
    longLeft -= 1;
    return evaluate(program);
  };
}
