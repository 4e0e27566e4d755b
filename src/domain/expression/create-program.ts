import { type CelError, type CelInput, type CelResult, isCelError } from '@bufbuild/cel';
import { isJsonObject, type Json } from '@durabase/contracts';
import type { ExpressionReference } from './collect-references.ts';
import {
  EXPRESSION_CODES,
  ExpressionError,
  type ExpressionProblem,
  type Position,
  positionAt,
  storable,
} from './expression-problem.ts';
import { explainFailure } from './explain-failure.ts';
import { Abort, Fault, readFault } from './faults.ts';
import { viewJson } from './json-view.ts';
import { DEFAULT_MAX_COST } from './limits.ts';
import type { Meter } from './meter.ts';
import { JSON_NUMBER, KIND, NUMBER } from './static-type.ts';
import { toJson } from './to-json.ts';
import { type Node, staticPath } from './tree.ts';

/** Kinds of JSON that a place may ask for. */
export type JsonKind = 'boolean' | 'number' | 'string' | 'array' | 'object';

const EXPECTED: Readonly<Record<JsonKind, { readonly kinds: number; readonly words: string }>> = {
  boolean: { kinds: KIND.bool, words: 'true or false' },
  number: { kinds: NUMBER | JSON_NUMBER, words: 'a number' },
  string: { kinds: KIND.string | KIND.bytes | KIND.timestamp | KIND.duration, words: 'text' },
  array: { kinds: KIND.list, words: 'a list' },
  object: { kinds: KIND.map, words: 'an object' },
};

export const kindsOfExpected = (kind: JsonKind): number => EXPECTED[kind].kinds;
export const wordsOfExpected = (kind: JsonKind): string => EXPECTED[kind].words;

/** A path that a program reads. */
export interface Reference {
  /** Names and indexes from a variable on, as far as they are fixed: `['steps', 'fetch', 'output', 'body']`. */
  readonly path: readonly (string | number)[];
  readonly position: Position;
  /** It stands in `has(…)` or `coalesce(…)`: it may be absent. */
  readonly isOptional: boolean;
}

/** How an evaluation is bounded. */
export interface EvaluateOptions {
  /** Units of work. @default 1_000_000 */
  readonly maxCost?: number;
}

/** An expression that can be evaluated again and again. */
export interface Program {
  readonly source: string;
  readonly references: readonly Reference[];
  /** The path, where the expression is nothing else. */
  readonly path?: readonly (string | number)[];
  /** Computes the value. The same values give the same result. Throws {@link ExpressionError}. */
  readonly evaluate: (bindings: Readonly<Record<string, Json>>, options?: EvaluateOptions) => Json;
}

/** What a program is made of. */
export interface ProgramParts {
  readonly source: string;
  readonly root: Node;
  readonly offsetOf: (id: bigint | number) => number;
  readonly run: (context: Record<string, CelInput>) => CelResult;
  readonly meter: Meter;
  readonly references: readonly ExpressionReference[];
  readonly hidden: readonly string[];
  readonly expects: JsonKind | undefined;
}

const kindOfJson = (value: Json): string => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value);

function checkExpected(value: Json, expects: JsonKind | undefined): void {
  if (expects === undefined || kindOfJson(value) === expects) return;
  const shown = Array.isArray(value) ? 'a list' : isJsonObject(value) ? 'an object' : JSON.stringify(value).slice(0, 80);
  throw new Fault({ code: 'EXPRESSION_TYPE', text: `the expression must give ${wordsOfExpected(expects)}, but gave ${shown}` });
}

/** The values of the names that the expression reads, as CEL sees them. Nothing is inherited. */
function viewBindings(roots: readonly string[], bindings: Readonly<Record<string, Json>>): Record<string, CelInput> {
  const views = Object.create(null) as Record<string, CelInput>;
  for (const name of roots) {
    const value = Object.hasOwn(bindings, name) ? bindings[name] : undefined;
    if (value !== undefined) views[name] = viewJson(value);
  }
  return views;
}

/** What only the library can explain; our own failures are told in full. */
const causeOf = ({ cause }: CelError): unknown => (cause instanceof Fault || cause instanceof Abort ? undefined : cause);

/** Wraps what the library made of a tree: values in, JSON out, failures in our words. */
export function createProgram(parts: ProgramParts): Program {
  const { source, root, run, meter, expects, hidden } = parts;
  const roots = [...new Set(parts.references.map(({ path }) => String(path[0])))];
  const isHidden = roots.some((name) => hidden.includes(name));
  const raise = (problem: ExpressionProblem, cause?: unknown): never => {
    const shown: ExpressionProblem = isHidden
      ? { code: problem.code, message: EXPRESSION_CODES[problem.code], position: problem.position }
      : problem;
    throw new ExpressionError(storable(shown), isHidden || cause === undefined ? undefined : { cause });
  };
  const complete = (value: Exclude<CelResult, Error>): Json => {
    try {
      const result = toJson(value, { meter, what: 'the result' });
      checkExpected(result, expects);
      return result;
    } catch (error) {
      const facts = error instanceof Abort ? error.facts : error instanceof Fault ? readFault(error.message) : undefined;
      if (facts === undefined) throw error;
      const { code, text, suggestion } = facts;
      return raise({ code, message: text, position: positionAt(source, 0), ...(suggestion === undefined ? {} : { suggestion }) });
    }
  };
  const written = staticPath(root);
  const [only] = parts.references;
  return {
    source,
    references: parts.references.map(({ path, id, isOptional }) => ({
      path,
      isOptional,
      position: positionAt(source, parts.offsetOf(id)),
    })),
    ...(written === undefined || only === undefined ? {} : { path: only.path }),
    evaluate: (bindings, { maxCost = DEFAULT_MAX_COST } = {}) => {
      meter.start(maxCost);
      const result = run(viewBindings(roots, bindings));
      if (isCelError(result)) return raise(explainFailure(result, parts), causeOf(result));
      // Should the library ever keep what ends an evaluation to itself.
      if (meter.isSpent())
        return raise({ code: 'EXPRESSION_COST', message: EXPRESSION_CODES.EXPRESSION_COST, position: positionAt(source, 0) });
      return complete(result);
    },
  };
}
