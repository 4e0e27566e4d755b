import { suggestName } from '../plan/suggest-name.ts';
import { checkCall } from './check-call.ts';
import type { NodeProblem } from './expression-problem.ts';
import { type Language, TYPE_NAMES } from './language.ts';
import { childrenOf, type Node, qualifiedName } from './tree.ts';

/** The names that an expression can see. */
export interface Names {
  readonly language: Language;
  readonly variables: ReadonlySet<string>;
  /** Names that exist, but not here, with what to do instead. */
  readonly refused: ReadonlyMap<string, string>;
}

/** Names inside of loops: those that people chose, and the library's own that begin with `@`. */
export type Locals = ReadonlySet<string>;

/** The variable that a name stands for: a leading dot leaves loops out. */
export const variableOf = (name: string): string => (name.startsWith('.') ? name.slice(1) : name);

/** Whether the target of a call is the first part of a function's name, as in `math.round(x)`. */
export function namespacedCall(node: Node, language: Language): string | undefined {
  if (node.exprKind.case !== 'callExpr' || node.exprKind.value.target === undefined) return undefined;
  const namespace = qualifiedName(node.exprKind.value.target);
  const name = namespace === undefined ? undefined : `${namespace}.${node.exprKind.value.function}`;
  return name !== undefined && language.functions.has(name) ? name : undefined;
}

function unknownName(name: string, names: Names, locals: Locals): Omit<NodeProblem, 'id'> {
  const refused = names.refused.get(name);
  if (refused !== undefined) {
    return { code: 'EXPRESSION_REFUSED', message: `"${name}" cannot be read here`, suggestion: refused };
  }
  const known = [...names.variables, ...[...locals].filter((local) => !local.startsWith('@'))];
  const suggestion = suggestName(name, known);
  const isNear = suggestion.startsWith('did you mean');
  return {
    code: 'EXPRESSION_UNKNOWN_NAME',
    message: `there is no "${name}"`,
    suggestion: isNear ? suggestion : `${suggestion}; text stands in quotes`,
  };
}

function checkName(node: Node, names: Names, locals: Locals): NodeProblem | undefined {
  if (node.exprKind.case !== 'identExpr') return undefined;
  const { name } = node.exprKind.value;
  if (locals.has(name) || name.startsWith('@')) return undefined;
  const variable = variableOf(name);
  if (names.variables.has(variable) || TYPE_NAMES.has(variable)) return undefined;
  return { id: node.id, ...unknownName(variable, names, locals) };
}

/** Every name and function that does not exist. */
export function checkNames(root: Node, names: Names): readonly NodeProblem[] {
  const problems: NodeProblem[] = [];
  const add = (problem: NodeProblem | undefined): void => {
    if (problem !== undefined) problems.push(problem);
  };
  const visit = (node: Node, locals: Locals): void => {
    const type = node.exprKind.case === 'selectExpr' ? qualifiedName(node) : undefined;
    if (type !== undefined && TYPE_NAMES.has(type)) return;
    add(checkName(node, names, locals));
    if (node.exprKind.case === 'structExpr' && node.exprKind.value.messageName !== '') {
      const { messageName } = node.exprKind.value;
      add({
        id: node.id,
        code: 'EXPRESSION_REFUSED',
        message: `"${messageName}{…}" cannot be made here`,
        suggestion: 'write {"name": value}',
      });
    }
    const isVariable = (name: string): boolean => locals.has(name) || names.variables.has(variableOf(name));
    const call = checkCall(node, names.language, isVariable);
    add(call);
    if (node.exprKind.case === 'comprehensionExpr') {
      const { iterRange, iterVar, accuVar, accuInit, loopCondition, loopStep, result } = node.exprKind.value;
      const inner = new Set([...locals, iterVar, accuVar]);
      if (iterRange !== undefined) visit(iterRange, locals);
      for (const part of [accuInit, loopCondition, loopStep, result]) if (part !== undefined) visit(part, inner);
      return;
    }
    const isNamespaced = namespacedCall(node, names.language) !== undefined || call?.isOfNamespace === true;
    const target = node.exprKind.case === 'callExpr' ? node.exprKind.value.target : undefined;
    for (const child of childrenOf(node)) if (child !== target || !isNamespaced) visit(child, locals);
  };
  visit(root, new Set());
  return problems;
}
