import { suggestName } from '../plan/suggest-name.ts';
import type { NodeProblem } from './expression-problem.ts';
import { describeNode, pathText } from './describe-node.ts';
import { ANYTHING, describeKinds, eitherOf, KIND, NULL, NUMBER, type StaticType } from './static-type.ts';
import { accessOf, literalText, type Node } from './tree.ts';

/** A type, and what is wrong with how it came about. */
export interface Inferred {
  readonly type: StaticType;
  readonly problem?: Omit<NodeProblem, 'id'>;
}

const KEYS = KIND.string | KIND.bool | NUMBER;

const itemOf = (holder: StaticType): StaticType => holder.items?.() ?? ANYTHING;

/** Reading a property by a fixed name. */
export function inferProperty(holderNode: Node, holder: StaticType, name: string, node: Node): Inferred {
  if ((holder.kinds & KIND.map) === 0) {
    const isSized = (holder.kinds & (KIND.list | KIND.string)) !== 0 && ['length', 'size', 'count'].includes(name);
    return {
      type: ANYTHING,
      problem: {
        code: 'EXPRESSION_TYPE',
        message: `${describeNode(holderNode)} is ${describeKinds(holder.kinds)} and has no "${name}"`,
        ...(isSized ? { suggestion: `write size(${describeNode(holderNode)})` } : {}),
      },
    };
  }
  const type = holder.property === undefined ? ANYTHING : holder.property(name);
  if (type !== undefined) return { type };
  const path = pathText(node);
  return {
    type: ANYTHING,
    problem: {
      code: 'EXPRESSION_UNKNOWN_PROPERTY',
      message: `${describeNode(holderNode)} has no "${name}"`,
      suggestion: suggestName(name, holder.names?.() ?? []),
      ...(path === undefined ? {} : { path }),
    },
  };
}

/** Reading by an index that may be computed. */
export function inferIndex(holderNode: Node, holder: StaticType, keyNode: Node, key: StaticType, node: Node): Inferred {
  const text = literalText(keyNode);
  if (text !== undefined) return inferProperty(holderNode, holder, text, node);
  const isOfList = (holder.kinds & KIND.list) !== 0 && (key.kinds & NUMBER) !== 0;
  const isOfMap = (holder.kinds & KIND.map) !== 0 && (key.kinds & KEYS) !== 0;
  if (!isOfList && !isOfMap) {
    return {
      type: ANYTHING,
      problem: {
        code: 'EXPRESSION_TYPE',
        message: `${describeNode(holderNode)} is ${describeKinds(holder.kinds)} and cannot be read by ${describeNode(keyNode)}, which is ${describeKinds(key.kinds)}`,
      },
    };
  }
  return { type: isOfList && !isOfMap ? itemOf(holder) : ANYTHING };
}

/** The type of a path in `coalesce`, where nothing has to be there. */
export function inferOptional(node: Node, infer: (node: Node) => StaticType): StaticType {
  const access = accessOf(node);
  if (access === undefined) return infer(node);
  const holder = inferOptional(access.holder, infer);
  const name = typeof access.key === 'string' ? access.key : literalText(access.key);
  if (name === undefined) {
    if (typeof access.key !== 'string') infer(access.key);
    return ANYTHING;
  }
  if ((holder.kinds & KIND.map) === 0) return NULL;
  return eitherOf(NULL, (holder.property === undefined ? ANYTHING : holder.property(name)) ?? NULL);
}
