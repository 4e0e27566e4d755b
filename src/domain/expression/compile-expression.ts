import { plan } from '@bufbuild/cel';
import type { Json } from '@durabase/contracts';
import { checkNames } from './check-names.ts';
import { collectReferences } from './collect-references.ts';
import { createProgram, type JsonKind, kindsOfExpected, type Program, wordsOfExpected } from './create-program.ts';
import { type ExpressionProblem, type NodeProblem, positionAt, storable } from './expression-problem.ts';
import { TypeInference } from './infer-types.ts';
import { createLanguage, type Language } from './language.ts';
import { DEFAULT_MAX_COST } from './limits.ts';
import { lowerTree } from './lower-tree.ts';
import { parseExpression } from './parse-expression.ts';
import { ANYTHING, describeKinds, type StaticType } from './static-type.ts';
import type { Node } from './tree.ts';
import { typeOfSchema } from './type-of-schema.ts';

/** What an expression may read, and what is expected of it. */
export interface CompileOptions {
  /** The names that it may read, each with the JSON Schema of its value; `true` where nothing is known. */
  readonly variables: Readonly<Record<string, Json>>;
  /** Names that exist but may not be read here, each with what to do instead. */
  readonly refused?: Readonly<Record<string, string>>;
  /** Names whose values stand in no error message, such as `secrets`. */
  readonly hidden?: readonly string[];
  /** What the result must be. Default: anything. */
  readonly expects?: JsonKind;
}

/** A program, or everything that is wrong with the expression. */
export type CompiledExpression =
  | { readonly ok: true; readonly program: Program }
  | { readonly ok: false; readonly problems: readonly ExpressionProblem[] };

const MAX_PROBLEMS = 10;

/** The functions of the language hold no values of an evaluation, only the meter, which every evaluation sets anew. */
const language: Language = createLanguage();

function checkTypes(root: Node, { variables, expects }: CompileOptions): readonly NodeProblem[] {
  const types = new Map<string, StaticType>(
    Object.entries(variables).map(([name, schema]) => [name, schema === true ? ANYTHING : typeOfSchema(schema)]),
  );
  // Literals are tried out.
  language.meter.start(DEFAULT_MAX_COST);
  const inference = new TypeInference({ language, variables: types });
  const { kinds } = inference.infer(root);
  if (expects === undefined || inference.problems.length > 0 || (kinds & kindsOfExpected(expects)) !== 0)
    return inference.problems;
  const message = `the expression must give ${wordsOfExpected(expects)}, but gives ${describeKinds(kinds)}`;
  return [{ id: root.id, code: 'EXPRESSION_TYPE', message }];
}

/**
 * Reads and checks an expression. What can never work is refused with its place; what may fail, by the values that it meets,
 * is not.
 */
export function compileExpression(source: string, options: CompileOptions): CompiledExpression {
  const parsed = parseExpression(source);
  if (!parsed.ok) return { ok: false, problems: parsed.problems.map(storable) };
  const { root, offsetOf } = parsed;
  const names = {
    language,
    variables: new Set(Object.keys(options.variables)),
    refused: new Map(Object.entries(options.refused ?? {})),
  };
  const ofNames = checkNames(root, names);
  const problems = ofNames.length > 0 ? ofNames : checkTypes(root, options);
  if (problems.length > 0) {
    return {
      ok: false,
      problems: problems
        .slice(0, MAX_PROBLEMS)
        .map(({ id, ...problem }) => storable({ ...problem, position: positionAt(source, offsetOf(id)) })),
    };
  }
  return {
    ok: true,
    program: createProgram({
      source,
      root,
      offsetOf,
      run: plan(language.env, lowerTree(root, language)),
      meter: language.meter,
      references: collectReferences(root, language),
      hidden: options.hidden ?? [],
      expects: options.expects,
    }),
  };
}
