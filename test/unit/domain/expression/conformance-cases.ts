import { type IncrementalTestSuite, getConformanceSuite } from '@bufbuild/cel-spec/testdata/tests.js';
import { toJson } from '@bufbuild/protobuf';
import { anyUnpack, DurationSchema, TimestampSchema } from '@bufbuild/protobuf/wkt';
import type { Json } from '@durabase/contracts';
import { compileExpression } from '../../../../src/domain/expression/compile-expression.ts';
import { ExpressionError } from '../../../../src/domain/expression/expression-problem.ts';

type Case = IncrementalTestSuite['tests'][number];
type Value = NonNullable<Extract<Case['original']['resultMatcher'], { case: 'value' }>['value']>;

/** A case of the official suite that JSON in and JSON out can express. */
export interface ConformanceCase {
  readonly name: string;
  readonly source: string;
  readonly variables: readonly string[];
  readonly bindings: Readonly<Record<string, Json>>;
  /** `undefined` where the case expects a failure. */
  readonly result: { readonly json: Json } | undefined;
}

/** Suites of extensions that the language leaves out as a whole. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  bindings_ext: 'cel.bind, not in the library',
  block_ext: 'cel.block, written by optimizers only',
  macros2: 'loops with two variables, not in the library',
  optionals: 'optional types, not in the library; coalesce() instead',
};

class NotJson extends Error {}

const safe = (value: bigint): number => {
  if (Number.isSafeInteger(Number(value))) return Number(value);
  throw new NotJson('whole numbers beyond 2^53 inside of a value');
};

const momentOf = (value: Extract<Value['kind'], { case: 'objectValue' }>['value']): Json => {
  const timestamp = anyUnpack(value, TimestampSchema);
  if (timestamp !== undefined) return toJson(TimestampSchema, timestamp);
  const duration = anyUnpack(value, DurationSchema);
  if (duration !== undefined) return toJson(DurationSchema, duration);
  throw new NotJson('protobuf messages');
};

/** What a value of the suite is in JSON, by the rules of the language. */
function jsonOf({ kind }: Value): Json {
  switch (kind.case) {
    case 'nullValue':
      return null;
    case 'boolValue':
    case 'stringValue':
      return kind.value;
    case 'int64Value':
    case 'uint64Value':
      return safe(kind.value);
    case 'doubleValue':
      if (Number.isFinite(kind.value)) return kind.value + 0;
      throw new NotJson('NaN and infinity inside of a value');
    case 'bytesValue':
      return Buffer.from(kind.value).toString('base64');
    case 'listValue':
      return kind.value.values.map(jsonOf);
    case 'mapValue':
      return Object.fromEntries(
        kind.value.entries.map(({ key, value }) => {
          if (key === undefined || value === undefined) throw new NotJson('incomplete maps');
          const name = jsonOf(key);
          return [typeof name === 'string' ? name : JSON.stringify(name), jsonOf(value)];
        }),
      );
    case 'objectValue':
      return momentOf(kind.value);
    case 'enumValue':
    case 'typeValue':
    case undefined:
      throw new NotJson('protobuf messages');
  }
}

/** A binding must mean in JSON what it means in the suite. */
function bindingOf(value: Value): Json {
  const kind = value.kind.case;
  if (kind === 'uint64Value' || kind === 'bytesValue' || kind === 'objectValue' || kind === 'typeValue' || kind === 'enumValue') {
    throw new NotJson('variables of types that JSON lacks');
  }
  return jsonOf(value);
}

/** Results that JSON cannot hold are compared as text, types by `==`. */
function expectationOf(source: string, value: Value): { readonly source: string; readonly json: Json } {
  const { kind } = value;
  const isText =
    ((kind.case === 'int64Value' || kind.case === 'uint64Value') && !Number.isSafeInteger(Number(kind.value))) ||
    (kind.case === 'doubleValue' && !Number.isFinite(kind.value));
  if (isText) return { source: `string(${source})`, json: String(kind.value) };
  if (kind.case === 'typeValue') return { source: `(${source}) == ${kind.value}`, json: true };
  return { source, json: jsonOf(value) };
}

function readCase(name: string, { original }: Case): ConformanceCase {
  const [suite = ''] = name.split('/');
  const { expr, container, bindings, typeEnv, disableMacros, resultMatcher } = original;
  if (LEFT_OUT[suite] !== undefined) throw new NotJson(LEFT_OUT[suite]);
  if (container !== '' || /google\.protobuf\.\w+\s*\{|TestAllTypes/.test(expr)) throw new NotJson('protobuf messages');
  if (/math\.bit/.test(expr)) throw new NotJson('bit operations, not offered');
  if (disableMacros) throw new NotJson('macros switched off');
  const values = Object.entries(bindings).map(([variable, { kind }]) => {
    if (kind.case !== 'value') throw new NotJson('variables of types that JSON lacks');
    return [variable, bindingOf(kind.value)] as const;
  });
  const declared = typeEnv.filter(({ declKind }) => declKind.case === 'ident').map((declaration) => declaration.name);
  const common = { name, variables: [...declared, ...Object.keys(bindings)], bindings: Object.fromEntries(values) };
  if (resultMatcher.case === 'evalError' || resultMatcher.case === 'anyEvalErrors') {
    return { ...common, source: expr, result: undefined };
  }
  if (resultMatcher.case === undefined) return { ...common, source: expr, result: { json: true } };
  const value = resultMatcher.case === 'typedResult' ? resultMatcher.value.result : resultMatcher.value;
  if (value === undefined || value.$typeName !== 'cel.expr.Value') throw new NotJson('types only, without a result');
  const { source, json } = expectationOf(expr, value);
  return { ...common, source, result: { json } };
}

/** Every case of the official suite: those that can be expressed, and why the others cannot, with their number. */
export function readConformance(): {
  readonly cases: readonly ConformanceCase[];
  readonly leftOut: Readonly<Record<string, number>>;
  readonly total: number;
} {
  const cases: ConformanceCase[] = [];
  const leftOut = new Map<string, number>();
  let total = 0;
  const visit = (suite: IncrementalTestSuite, path: string): void => {
    for (const test of suite.tests) {
      total += 1;
      try {
        cases.push(readCase(`${path}/${test.name}`, test));
      } catch (error) {
        if (!(error instanceof NotJson)) throw error;
        leftOut.set(error.message, (leftOut.get(error.message) ?? 0) + 1);
      }
    }
    for (const inner of suite.suites) visit(inner, path === '' ? inner.name : `${path}/${inner.name}`);
  };
  for (const suite of getConformanceSuite().suites) visit(suite, suite.name);
  return { cases, leftOut: Object.fromEntries(leftOut), total };
}

/** What the language makes of a case: a result, or the code of what it refuses. */
export function runCase({ source, variables, bindings }: ConformanceCase): { readonly json: Json } | { readonly code: string } {
  const compiled = compileExpression(source, { variables: Object.fromEntries(variables.map((name) => [name, true])) });
  if (!compiled.ok) return { code: compiled.problems[0]?.code ?? '' };
  try {
    return { json: compiled.program.evaluate(bindings) };
  } catch (error) {
    if (error instanceof ExpressionError) return { code: error.problem.code };
    throw error;
  }
}
