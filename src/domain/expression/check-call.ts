import type { CelFunc } from '@bufbuild/cel';
import { suggestName } from '../plan/suggest-name.ts';
import type { NodeProblem } from './expression-problem.ts';
import { COALESCE, type Language } from './language.ts';
import { type Node, qualifiedName } from './tree.ts';

/** What the library evaluates without a function. */
const STRUCTURAL: ReadonlySet<string> = new Set(['_&&_', '_||_', '_?_:_', '_[_]', '@not_strictly_false']);

/** How the macros are written; a call of that name that is left in the tree was written otherwise. */
const MACROS: Readonly<Record<string, string>> = {
  has: 'write has(input.name), with a dot',
  all: 'write list.all(x, condition)',
  exists: 'write list.exists(x, condition)',
  exists_one: 'write list.exists_one(x, condition)',
  existsOne: 'write list.existsOne(x, condition)',
  map: 'write list.map(x, value), or list.map(x, condition, value)',
  filter: 'write list.filter(x, condition)',
};

/** Functions of other languages, and what CEL has instead. */
const FOREIGN: Readonly<Record<string, string>> = {
  toLowerCase: 'write text.lowerAscii()',
  toUpperCase: 'write text.upperAscii()',
  lower: 'write text.lowerAscii()',
  upper: 'write text.upperAscii()',
  includes: 'write text.contains("…"), or value in list',
  length: 'write size(…)',
  len: 'write size(…)',
  count: 'write size(…)',
  concat: 'write a + b',
  toString: 'write string(…)',
  String: 'write string(…)',
  Number: 'write double(…)',
  parseInt: 'write int(…)',
  parseFloat: 'write double(…)',
  float: 'write double(…)',
  str: 'write string(…)',
  find: 'write list.filter(x, condition)[0]',
  some: 'write list.exists(x, condition)',
  every: 'write list.all(x, condition)',
  reduce: 'there are list.sum(), list.join() and math.greatest(list)',
  keys: 'write object.map(key, key)',
  values: 'write object.map(key, object[key])',
  default: 'write coalesce(a, other)',
  max: 'write math.greatest(a, b)',
  min: 'write math.least(a, b)',
  round: 'write math.round(a), or math.round(a, digits)',
  floor: 'write math.floor(a)',
  ceil: 'write math.ceil(a)',
  abs: 'write math.abs(a)',
  now: 'there is no clock; pass the time in the input of the run',
  today: 'there is no clock; pass the time in the input of the run',
  date: 'write timestamp("2026-11-21")',
  random: 'there is no chance; use run.id',
  uuid: 'there is no chance; use run.id',
  encodeURIComponent: 'write url.encode(…)',
  'JSON.stringify': 'write json.stringify(…)',
  'JSON.parse': 'write json.parse(…)',
  'Math.max': 'write math.greatest(a, b)',
  'Math.min': 'write math.least(a, b)',
  'Math.round': 'write math.round(a)',
  'Math.floor': 'write math.floor(a)',
  'Math.ceil': 'write math.ceil(a)',
  'Math.abs': 'write math.abs(a)',
};

/** A problem of a call; `isOfNamespace` where the target is no value but the first part of a function's name. */
export interface CallProblem extends NodeProblem {
  readonly isOfNamespace?: boolean;
}

const foreignHint = (name: string): string | undefined => (Object.hasOwn(FOREIGN, name) ? FOREIGN[name] : undefined);

const isWritable = (name: string): boolean => /^[A-Za-z]/.test(name);

const unknown = (id: bigint, message: string, suggestion: string | undefined): CallProblem => ({
  id,
  code: 'EXPRESSION_UNKNOWN_FUNCTION',
  message,
  ...(suggestion === undefined ? {} : { suggestion }),
});

const suggestFunction = (name: string, language: Language): string | undefined => {
  const known = [...language.functions.keys(), COALESCE, ...Object.keys(MACROS)].filter(isWritable);
  const suggestion = suggestName(name, known);
  const meant = /^did you mean "(.)/.exec(suggestion)?.[1];
  // Functions are many and short: "foo" is two letters away from "bool".
  return meant?.toLowerCase() === name[0]?.toLowerCase() ? suggestion : undefined;
};

/** A target that is no variable, such as `Math` or `strings`: the whole name is unknown. */
function checkNamespace(node: Node, language: Language, isVariable: (name: string) => boolean): CallProblem | undefined {
  if (node.exprKind.case !== 'callExpr' || node.exprKind.value.target === undefined) return undefined;
  const namespace = qualifiedName(node.exprKind.value.target);
  if (namespace === undefined || isVariable(namespace.split('.')[0] ?? '')) return undefined;
  const name = `${namespace}.${node.exprKind.value.function}`;
  if (language.functions.has(name)) return undefined;
  const members = [...language.functions.keys()].filter((known) => known.startsWith(`${namespace}.`));
  const suggestion = foreignHint(name) ?? (members.length === 0 ? undefined : suggestName(name, members));
  if (suggestion === undefined) return undefined;
  return { ...unknown(node.id, `there is no function ${name}()`, suggestion), isOfNamespace: true };
}

const listCounts = (counts: readonly number[]): string => {
  const words = counts.map(String);
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
};

/** Whether the function is written as it should be: as method or not, and with how many arguments. */
function checkForm(
  {
    id,
    name,
    isMethod,
    count,
  }: { readonly id: bigint; readonly name: string; readonly isMethod: boolean; readonly count: number },
  overloads: readonly CelFunc[],
): CallProblem | undefined {
  const fitting = overloads.filter(({ target }) => (target !== undefined) === isMethod);
  if (fitting.length === 0) {
    return unknown(
      id,
      isMethod ? `${name}() is no method` : `${name}() is a method`,
      isMethod ? `write ${name}(value)` : `write value.${name}(…)`,
    );
  }
  const counts = [...new Set(fitting.map((overload) => overload.arguments.length))].sort((left, right) => left - right);
  if (counts.includes(count)) return undefined;
  const last = counts.at(-1) ?? 0;
  const wanted = counts.length > 2 ? `${counts[0] ?? 0} to ${last}` : listCounts(counts);
  const given = last === 0 ? 'takes no arguments' : `takes ${wanted} ${last === 1 ? 'argument' : 'arguments'}`;
  return unknown(id, `${name}() ${given}, not ${count}`, undefined);
}

/** Whether the function of a call exists and is called as it should be. */
export function checkCall(node: Node, language: Language, isVariable: (name: string) => boolean): CallProblem | undefined {
  if (node.exprKind.case !== 'callExpr') return undefined;
  const { function: name, target, args } = node.exprKind.value;
  if (STRUCTURAL.has(name)) return undefined;
  if (name === COALESCE && target === undefined) {
    return args.length > 1
      ? undefined
      : unknown(node.id, 'coalesce() takes at least 2 arguments', 'write coalesce(input.a, other)');
  }
  const namespaced = target === undefined ? undefined : `${qualifiedName(target) ?? ''}.${name}`;
  const own = namespaced === undefined ? undefined : language.functions.get(namespaced);
  if (own !== undefined) {
    return checkForm({ id: node.id, name: namespaced ?? name, isMethod: false, count: args.length }, own);
  }
  const ofNamespace = checkNamespace(node, language, isVariable);
  if (ofNamespace !== undefined) return ofNamespace;
  if (Object.hasOwn(MACROS, name)) return unknown(node.id, `${name}(…) is not written like this`, MACROS[name]);
  const overloads = language.functions.get(name);
  if (overloads === undefined) {
    return unknown(node.id, `there is no function ${name}()`, foreignHint(name) ?? suggestFunction(name, language));
  }
  return checkForm({ id: node.id, name, isMethod: target !== undefined, count: args.length }, overloads);
}
