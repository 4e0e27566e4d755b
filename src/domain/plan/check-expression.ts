import { isJsonObject, type Json, type JsonObject, type Problem } from '@durabase/contracts';
import { compileExpression } from '../expression/compile-expression.ts';
import type { JsonKind, Program } from '../expression/create-program.ts';
import type { ExpressionCode, ExpressionProblem } from '../expression/expression-problem.ts';
import { referencesIn } from '../template/collect-references.ts';
import { TemplateError } from '../template/parse-reference.ts';
import { parseTemplate, type TemplatePart } from '../template/parse-template.ts';
import { describeProblem, EXPRESSION_NAMES, readExpression } from '../template/read-expression.ts';
import { checkTargets, type ReferenceContext } from './check-references.ts';
import { findSchemas } from './find-schemas.ts';
import { problem } from './problem.ts';
import { typesOfSteps } from './types-of-steps.ts';

type Place = readonly (string | number)[];

interface Checking {
  readonly at: Place;
  readonly context: ReferenceContext;
  readonly expects?: JsonKind | undefined;
  /** What to do where the type does not fit. */
  readonly cure?: string | undefined;
  /** Message and hint where a value that is always the same is wrong. */
  readonly judge?: (value: Json) => readonly [string, string] | undefined;
}

const MAX_SHOWN = 100;
const EXPECTATION = 'the expression must give';
const CURES: Partial<Readonly<Record<ExpressionCode, string>>> = {
  EXPRESSION_TYPE: 'read another value, or convert it: string(x), int(x), double(x)',
  EXPRESSION_COST: 'loop over less, or compute a part of it in a step of its own',
};

const tell = (text: string, found: ExpressionProblem, { at, cure }: Checking): Problem =>
  problem(at, `"${text.slice(0, MAX_SHOWN)}": ${describeProblem(found)}`, {
    hint:
      found.suggestion ??
      (found.message.startsWith(EXPECTATION) ? cure : undefined) ??
      CURES[found.code] ??
      'change the expression',
  });

function checkConstant(program: Program, text: string, checking: Checking): readonly Problem[] {
  const constant = checking.context.constants(program);
  if (constant === undefined) return [];
  if ('failure' in constant) return [tell(text, constant.failure, checking)];
  const wrong = checking.judge?.(constant.value);
  return wrong === undefined ? [] : [problem(checking.at, wrong[0], { hint: wrong[1] })];
}

/** Values whose types can never fit, as far as that follows from literals, the schema of the input and the actions. */
function checkTypes(text: string, checking: Checking): readonly Problem[] {
  const { context, expects } = checking;
  const variables: Record<string, Json> = Object.fromEntries(EXPRESSION_NAMES.map((name) => [name, true]));
  variables['input'] = context.inputSchema ?? true;
  variables['steps'] = typesOfSteps(context);
  variables['index'] = { type: 'integer' };
  const compiled = compileExpression(text, { variables, hidden: ['secrets'], ...(expects === undefined ? {} : { expects }) });
  if (!compiled.ok) return compiled.problems.map((found) => tell(text, found, checking));
  return checkConstant(compiled.program, text, checking);
}

/** Problems of an expression that stands by itself, such as a condition. */
export function checkExpression(source: string, checking: Checking): readonly Problem[] {
  try {
    const expression = readExpression(source);
    const targets = checkTargets(referencesIn(expression), checking);
    return targets.length > 0 ? targets : checkTypes(expression.text, checking);
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return [problem(checking.at, error.message, { hint: error.hint ?? 'write an expression such as input.customer' })];
  }
}

const KINDS: Readonly<Record<string, readonly [JsonKind, string]>> = {
  string: ['string', 'text'],
  number: ['number', 'a number'],
  integer: ['number', 'a number'],
  boolean: ['boolean', 'true or false'],
  array: ['array', 'a list'],
  object: ['object', 'an object'],
};

/** What a place takes, where that is one kind of value. */
function expectedAt(schema: JsonObject | undefined, at: Place): readonly [JsonKind, string] | undefined {
  const types = schema === undefined ? [] : findSchemas(schema, at).map(({ type }) => type);
  const [first] = types;
  const kind = typeof first === 'string' && Object.hasOwn(KINDS, first) ? KINDS[first] : undefined;
  const isOne = types.every((type) => typeof type === 'string' && KINDS[type]?.[0] === kind?.[0]);
  return isOne ? kind : undefined;
}

const readParts = (text: string): readonly TemplatePart[] => {
  try {
    return parseTemplate(text) ?? [];
  } catch (error) {
    if (error instanceof TemplateError) return []; // told by checkReferences
    throw error;
  }
};

function checkString(
  text: string,
  inner: Place,
  checking: Checking & { readonly schema: JsonObject | undefined },
): readonly Problem[] {
  const parts = readParts(text);
  if (parts.length === 0) return [];
  const expected = expectedAt(checking.schema, inner);
  const isAlone = parts.length === 1;
  if (!isAlone && expected !== undefined && expected[0] !== 'string') {
    return [
      problem(checking.at, `"${text.slice(0, MAX_SHOWN)}" is always text, and this place takes ${expected[1]}`, {
        hint: 'write one {{ expression }} with nothing around it: it keeps its type',
      }),
    ];
  }
  const more = isAlone && expected !== undefined ? { expects: expected[0], cure: `give ${expected[1]}` } : {};
  return parts.flatMap((part) => ('expression' in part ? checkTypes(part.expression.text, { ...checking, ...more }) : []));
}

/**
 * Problems of the types in all templates inside a value, which goes into a place with this schema; what they refer to is
 * checked apart.
 */
export function checkTemplateTypes(
  value: Json,
  checking: Checking & { readonly schema?: JsonObject | undefined },
): readonly Problem[] {
  const visit = (item: Json, inner: Place): readonly Problem[] => {
    if (typeof item === 'string')
      return checkString(item, inner, { ...checking, schema: checking.schema, at: [...checking.at, ...inner] });
    if (Array.isArray(item)) return item.flatMap((entry: Json, index) => visit(entry, [...inner, index]));
    return isJsonObject(item) ? Object.entries(item).flatMap(([key, entry]) => visit(entry as Json, [...inner, key])) : [];
  };
  return visit(value, []);
}
