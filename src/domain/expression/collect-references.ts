import { type Locals, namespacedCall, variableOf } from './check-names.ts';
import { COALESCE, type Language, TYPE_NAMES } from './language.ts';
import { accessOf, childrenOf, type Node, qualifiedName, staticPath } from './tree.ts';

/** A path that an expression reads, as far as it is fixed: what follows a computed index is not in it. */
export interface ExpressionReference {
  /** Names and indexes from a variable on, such as `['steps', 'fetch', 'output', 'body']`. */
  readonly path: readonly (string | number)[];
  /** Where it stands: the offset of its first character is not later than this. */
  readonly id: bigint;
  /** Its last name may be absent: it stands in `has(…)` or `coalesce(…)`. */
  readonly isOptional: boolean;
}

/** Every path that the expression reads, each once. */
export function collectReferences(root: Node, language: Language): readonly ExpressionReference[] {
  const found = new Map<string, ExpressionReference>();
  const add = (path: readonly (string | number)[], id: bigint, isOptional: boolean): void => {
    const key = JSON.stringify(path);
    const known = found.get(key);
    if (known === undefined || (known.isOptional && !isOptional)) found.set(key, { path, id: known?.id ?? id, isOptional });
  };
  const visit = (node: Node, locals: Locals, isOptional = false): void => {
    const tested = node.exprKind.case === 'selectExpr' && node.exprKind.value.testOnly ? node.exprKind.value : undefined;
    const holder = tested?.operand === undefined ? undefined : staticPath(tested.operand);
    const path =
      tested === undefined || holder === undefined ? staticPath(node) : { ...holder, rest: [...holder.rest, tested.field] };
    if (path !== undefined) {
      const variable = variableOf(path.root);
      const isLocal = locals.has(path.root) || path.root.startsWith('@');
      const isType = TYPE_NAMES.has(variable) || TYPE_NAMES.has(qualifiedName(node) ?? '');
      if (!isLocal && !isType) add([variable, ...path.rest], node.id, isOptional || tested !== undefined);
      return;
    }
    if (node.exprKind.case === 'comprehensionExpr') {
      const { iterRange, iterVar, accuVar, loopCondition, loopStep } = node.exprKind.value;
      if (iterRange !== undefined) visit(iterRange, locals);
      const inner = new Set([...locals, iterVar, accuVar]);
      for (const part of [loopCondition, loopStep]) if (part !== undefined) visit(part, inner);
      return;
    }
    const isCoalesce = node.exprKind.case === 'callExpr' && node.exprKind.value.function === COALESCE;
    const target = node.exprKind.case === 'callExpr' ? node.exprKind.value.target : undefined;
    const isNamespaced = namespacedCall(node, language) !== undefined;
    const children = childrenOf(node).filter((child) => child !== target || !isNamespaced);
    children.forEach((child, index) =>
      visit(child, locals, isCoalesce && index < children.length - 1 && accessOf(child) !== undefined),
    );
  };
  visit(root, new Set());
  return [...found.values()];
}
