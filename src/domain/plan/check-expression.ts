import type { Json, Problem } from '@durabase/contracts';
import { compileExpression } from '../expression/compile-expression.ts';
import type { JsonKind } from '../expression/create-program.ts';
import { referencesIn } from '../template/collect-references.ts';
import { TemplateError } from '../template/parse-reference.ts';
import { parseTemplate } from '../template/parse-template.ts';
import { type Expression, EXPRESSION_NAMES, readExpression } from '../template/read-expression.ts';
import { checkTargets, type ReferenceContext } from './check-references.ts';
import { problem } from './problem.ts';

type Place = readonly (string | number)[];

interface Checking {
  readonly at: Place;
  readonly context: ReferenceContext;
  readonly expects?: JsonKind;
}

/** Values whose types can never fit, as far as that follows from literals and the schema of the input. */
function checkTypes({ text }: Expression, { at, context, expects }: Checking): readonly Problem[] {
  const variables: Record<string, Json> = Object.fromEntries(EXPRESSION_NAMES.map((name) => [name, true]));
  variables['input'] = context.inputSchema ?? true;
  const compiled = compileExpression(text, { variables, hidden: ['secrets'], ...(expects === undefined ? {} : { expects }) });
  if (compiled.ok) return [];
  return compiled.problems
    .filter(({ code }) => code !== 'EXPRESSION_UNKNOWN_PROPERTY') // told with the neighbours' names by checkTargets
    .map(({ message, position, suggestion }) =>
      problem(at, position.offset === 0 ? message : `${message} (at position ${position.offset + 1})`, { hint: suggestion }),
    );
}

/** Problems of an expression that stands by itself, such as a condition. */
export function checkExpression(source: string, checking: Checking): readonly Problem[] {
  try {
    const expression = readExpression(source);
    const targets = checkTargets(referencesIn(expression), checking);
    return targets.length > 0 ? targets : checkTypes(expression, checking);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return [problem(checking.at, error.message, { hint: error.hint ?? 'write an expression such as input.customer' })];
  }
}

/** Problems of the types in all templates inside a value; what they refer to is checked apart. */
export function checkTemplateTypes(value: Json, checking: Checking): readonly Problem[] {
  if (Array.isArray(value))
    return value.flatMap((item: Json, index) => checkTemplateTypes(item, { ...checking, at: [...checking.at, index] }));
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, item]) =>
      checkTemplateTypes(item as Json, { ...checking, at: [...checking.at, key] }),
    );
  if (typeof value !== 'string') return [];
  try {
    return (parseTemplate(value) ?? []).flatMap((part) =>
      'expression' in part && part.expression.path === undefined ? checkTypes(part.expression, checking) : [],
    );
  } catch (error) {
    if (error instanceof TemplateError) return []; // told by checkReferences
    throw error;
  }
}
