import { namespacedCall } from './check-names.ts';
import { ACCESS } from './functions/access.ts';
import { COALESCE, type Language, TYPE_NAMES } from './language.ts';
import { asCondition, type Lower, lowerCoalesce, lowerLoop } from './lower-loop.ts';
import { callNode, listNode, nameNode, type Node, type NodeOf, qualifiedName, textNode } from './tree.ts';

function lowerCall(node: Node, call: NonNullable<NodeOf<'callExpr'>>, lower: Lower, language: Language): Node {
  const { function: name, args, target } = call;
  if (name === COALESCE && target === undefined) return lowerCoalesce(node.id, args, lower);
  const lowered = args.map(lower);
  const namespaced = namespacedCall(node, language);
  if (namespaced !== undefined) return callNode(node.id, namespaced, lowered);
  if (name === '_[_]') return callNode(node.id, ACCESS.index, lowered);
  if (name === '_&&_' || name === '_||_') return callNode(node.id, name, lowered.map(asCondition));
  const [condition, ...branches] = lowered;
  if (name === '_?_:_' && condition !== undefined) return callNode(node.id, name, [asCondition(condition), ...branches]);
  return callNode(node.id, name, lowered, target === undefined ? undefined : lower(target));
}

/** The library loses a failure in the name of an entry. */
function lowerMap(node: Node, map: NonNullable<NodeOf<'structExpr'>>, lower: Lower): Node {
  const parts = map.entries.flatMap(({ keyKind, value }) =>
    keyKind.case === 'mapKey' && value !== undefined ? [lower(keyKind.value), lower(value)] : [],
  );
  return callNode(node.id, ACCESS.object, [listNode(node.id, parts)]);
}

function lowerSelect(node: Node, select: NonNullable<NodeOf<'selectExpr'>>, lower: Lower): Node {
  const type = qualifiedName(node);
  if (type !== undefined && TYPE_NAMES.has(type)) return nameNode(node.id, type);
  const { operand, field, testOnly } = select;
  if (operand === undefined) throw new Error('the parser has left a select incomplete');
  return callNode(node.id, testOnly ? ACCESS.has : ACCESS.select, [lower(operand), textNode(node.id, field)]);
}

/**
 * The tree that is evaluated. What the library would do by itself without counting, or without a word on the values, becomes
 * a call: reading, testing and looping. The ids stay, so that an error names the place in the source.
 */
export function lowerTree(root: Node, language: Language): Node {
  const lower: Lower = (node) => {
    const { exprKind } = node;
    switch (exprKind.case) {
      case 'selectExpr':
        return lowerSelect(node, exprKind.value, lower);
      case 'callExpr':
        return lowerCall(node, exprKind.value, lower, language);
      case 'listExpr':
        return listNode(node.id, exprKind.value.elements.map(lower));
      case 'structExpr':
        return lowerMap(node, exprKind.value, lower);
      case 'comprehensionExpr':
        return lowerLoop(node.id, exprKind.value, lower);
      case 'constExpr':
      case 'identExpr':
      case undefined:
        return node;
    }
  };
  return lower(root);
}
