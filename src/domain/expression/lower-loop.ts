import { ACCESS } from './functions/access.ts';
import {
  accessOf,
  callNode,
  constantNode,
  countNodes,
  listNode,
  type Loop,
  loopNode,
  nameNode,
  type Node,
  textNode,
} from './tree.ts';

/** Rewrites one node and all below it. */
export type Lower = (node: Node) => Node;

/** What surely gives true or false, or fails in words of its own. */
const BOOLEAN: ReadonlySet<string> = new Set(
  ['_==_', '_!=_', '_<_', '_<=_', '_>_', '_>=_', '@in', '!_', '_&&_', '_||_', '@not_strictly_false'].concat(
    [ACCESS.has, ACCESS.tick, ACCESS.condition],
    ['contains', 'startsWith', 'endsWith', 'matches'],
  ),
);

const isBoolean = ({ exprKind }: Node): boolean =>
  (exprKind.case === 'callExpr' && BOOLEAN.has(exprKind.value.function)) ||
  (exprKind.case === 'constExpr' && exprKind.value.constantKind.case === 'boolValue') ||
  (exprKind.case === 'identExpr' && exprKind.value.name.startsWith('@'));

/** A lowered node that complains in our words where it is neither true nor false. */
export const asCondition = (node: Node): Node => (isBoolean(node) ? node : callNode(node.id, ACCESS.condition, [node]));

const isEmptyList = (node: Node): boolean => node.exprKind.case === 'listExpr' && node.exprKind.value.elements.length === 0;

/** `@result + [value]`, which `map` and `filter` are made of. */
export function appended(node: Node): { readonly list: Node; readonly value: Node } | undefined {
  if (node.exprKind.case !== 'callExpr' || node.exprKind.value.function !== '_+_') return undefined;
  const [list, addition] = node.exprKind.value.args;
  if (list?.exprKind.case !== 'identExpr' || !list.exprKind.value.name.startsWith('@')) return undefined;
  const value = addition?.exprKind.case === 'listExpr' ? addition.exprKind.value.elements[0] : undefined;
  return value === undefined ? undefined : { list, value };
}

/** The step of a loop that builds a list: the list grows in place, where the library would copy it or chain copies. */
function lowerStep(step: Node, lower: Lower): Node {
  const addition = appended(step);
  if (addition !== undefined) return callNode(step.id, ACCESS.append, [addition.list, lower(addition.value)]);
  if (step.exprKind.case !== 'callExpr' || step.exprKind.value.function !== '_?_:_') return lower(step);
  const [condition, then, otherwise] = step.exprKind.value.args;
  if (condition === undefined || then === undefined || otherwise === undefined) return lower(step);
  return callNode(step.id, '_?_:_', [asCondition(lower(condition)), lowerStep(then, lower), lower(otherwise)]);
}

const isOfBool = ({ exprKind }: Node): boolean =>
  exprKind.case === 'constExpr' && exprKind.value.constantKind.case === 'boolValue';

/** A loop whose every turn pays for the nodes that it visits. */
export function lowerLoop(id: bigint, loop: Loop, lower: Lower): Node {
  const { iterRange, accuInit, loopCondition, loopStep, result, iterVar, accuVar } = loop;
  if (
    iterRange === undefined ||
    accuInit === undefined ||
    loopCondition === undefined ||
    loopStep === undefined ||
    result === undefined
  ) {
    throw new Error('the parser has left a loop incomplete');
  }
  const isBuilding = isEmptyList(accuInit);
  const units = BigInt(countNodes(loopStep) + 1);
  const tick = callNode(id, ACCESS.tick, [constantNode(id, { case: 'int64Value', value: units })]);
  return loopNode(id, {
    iterVar,
    accuVar,
    iterRange: callNode(iterRange.id, ACCESS.range, [lower(iterRange)]),
    accuInit: isBuilding ? callNode(id, ACCESS.list, []) : lower(accuInit),
    // all and exists go on behind a failure, which a later turn may outweigh; the others end with it.
    loopCondition: callNode(id, '_&&_', [
      tick,
      isOfBool(accuInit) ? lower(loopCondition) : callNode(id, ACCESS.going, [nameNode(id, accuVar)]),
    ]),
    loopStep: isBuilding ? lowerStep(loopStep, lower) : lower(loopStep),
    result: lower(result),
  });
}

/** A path that gives null where any of its names is absent. */
function lowerOptional(node: Node, lower: Lower): Node {
  const keys: Node[] = [];
  let holder = node;
  for (let access = accessOf(holder); access !== undefined; access = accessOf(holder)) {
    keys.unshift(typeof access.key === 'string' ? textNode(holder.id, access.key) : lower(access.key));
    holder = access.holder;
  }
  return keys.length === 0 ? lower(node) : callNode(node.id, ACCESS.dig, [lower(holder), listNode(node.id, keys)]);
}

/** The first value that is there and not null: each is bound by a loop over one, so that it is computed once. */
export function lowerCoalesce(id: bigint, values: readonly Node[], lower: Lower): Node {
  const [first, ...others] = values;
  if (first === undefined) throw new Error('coalesce without arguments');
  if (others.length === 0) return lower(first);
  const [value, chosen] = [`@value${id}_${others.length}`, `@chosen${id}_${others.length}`];
  const nothing = constantNode(id, { case: 'nullValue', value: 0 });
  const isThere = callNode(id, '_!=_', [nameNode(id, value), nothing]);
  return loopNode(id, {
    iterVar: value,
    accuVar: chosen,
    iterRange: listNode(id, [lowerOptional(first, lower)]),
    accuInit: nothing,
    loopCondition: constantNode(id, { case: 'boolValue', value: true }),
    loopStep: callNode(id, '_?_:_', [isThere, nameNode(id, value), lowerCoalesce(id, others, lower)]),
    result: nameNode(id, chosen),
  });
}
