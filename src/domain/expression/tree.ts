import type { parse } from '@bufbuild/cel';

/** A parsed expression, with the offsets of its nodes. */
export type ParsedTree = ReturnType<typeof parse>;
/** A node of the syntax tree. */
export type Node = NonNullable<ParsedTree['expr']>;
type Kinds = Node['exprKind'];
/** What stands in a node of one kind. */
export type NodeOf<Case extends Kinds['case']> = Extract<Kinds, { case: Case }>['value'];
/** A loop: what `all`, `exists`, `exists_one`, `map` and `filter` become. */
export type Loop = NonNullable<NodeOf<'comprehensionExpr'>>;
/** A literal. */
export type Constant = NonNullable<NodeOf<'constExpr'>>['constantKind'];

const node = (id: bigint, exprKind: Kinds): Node => ({ $typeName: 'cel.expr.Expr', id, exprKind });

/** A call of a function; the id decides which place an error names. */
export const callNode = (id: bigint, name: string, args: Node[], target?: Node): Node =>
  node(id, {
    case: 'callExpr',
    value: { $typeName: 'cel.expr.Expr.Call', function: name, args, ...(target === undefined ? {} : { target }) },
  });

export const nameNode = (id: bigint, name: string): Node =>
  node(id, { case: 'identExpr', value: { $typeName: 'cel.expr.Expr.Ident', name } });

export const constantNode = (id: bigint, constantKind: Constant): Node =>
  node(id, { case: 'constExpr', value: { $typeName: 'cel.expr.Constant', constantKind } });

export const textNode = (id: bigint, value: string): Node => constantNode(id, { case: 'stringValue', value });

export const listNode = (id: bigint, elements: Node[]): Node =>
  node(id, { case: 'listExpr', value: { $typeName: 'cel.expr.Expr.CreateList', elements, optionalIndices: [] } });

export const loopNode = (id: bigint, loop: Omit<Loop, '$typeName' | 'iterVar2'>): Node =>
  node(id, {
    case: 'comprehensionExpr',
    value: { $typeName: 'cel.expr.Expr.Comprehension', iterVar2: '', ...loop },
  });

const present = (nodes: readonly (Node | undefined)[]): readonly Node[] => nodes.filter((item) => item !== undefined);

/** The nodes directly below. */
export function childrenOf({ exprKind }: Node): readonly Node[] {
  switch (exprKind.case) {
    case 'selectExpr':
      return present([exprKind.value.operand]);
    case 'callExpr':
      return present([exprKind.value.target, ...exprKind.value.args]);
    case 'listExpr':
      return exprKind.value.elements;
    case 'structExpr':
      return exprKind.value.entries.flatMap(({ keyKind, value }) =>
        present([keyKind.case === 'mapKey' ? keyKind.value : undefined, value]),
      );
    case 'comprehensionExpr': {
      const { iterRange, accuInit, loopCondition, loopStep, result } = exprKind.value;
      return present([iterRange, accuInit, loopCondition, loopStep, result]);
    }
    case 'constExpr':
    case 'identExpr':
    case undefined:
      return [];
  }
}

/** Number of nodes of a tree. */
export const countNodes = (root: Node): number => childrenOf(root).reduce((sum, child) => sum + countNodes(child), 1);

/** Every node of a tree, the root first. */
export function* nodesOf(root: Node): Generator<Node> {
  yield root;
  for (const child of childrenOf(root)) yield* nodesOf(child);
}

/** `a.b.c` where it is written so, for names of functions and types. */
export function qualifiedName({ exprKind }: Node): string | undefined {
  if (exprKind.case === 'identExpr') return exprKind.value.name;
  if (exprKind.case !== 'selectExpr' || exprKind.value.testOnly || exprKind.value.operand === undefined) return undefined;
  const parent = qualifiedName(exprKind.value.operand);
  return parent === undefined ? undefined : `${parent}.${exprKind.value.field}`;
}

/** The text of a literal, where the node is one. */
export const literalText = ({ exprKind }: Node): string | undefined =>
  exprKind.case === 'constExpr' && exprKind.value.constantKind.case === 'stringValue'
    ? exprKind.value.constantKind.value
    : undefined;

/** A path such as `input.items[0]`: the name that it starts from, and the fixed names and indexes behind it. */
export interface StaticPath {
  readonly root: string;
  readonly rest: readonly (string | number)[];
}

const literalKey = (key: Node): string | number | undefined => {
  const text = literalText(key);
  if (text !== undefined) return text;
  const constant = key.exprKind.case === 'constExpr' ? key.exprKind.value.constantKind : undefined;
  return constant?.case === 'int64Value' ? Number(constant.value) : undefined;
};

/** One step of a path: what is read, and by which name or index. `has(a.b)` reads nothing behind `a`. */
export function accessOf({ exprKind }: Node): { readonly holder: Node; readonly key: Node | string } | undefined {
  if (exprKind.case === 'selectExpr') {
    const { operand, field, testOnly } = exprKind.value;
    return operand === undefined || testOnly ? undefined : { holder: operand, key: field };
  }
  if (exprKind.case !== 'callExpr' || exprKind.value.function !== '_[_]') return undefined;
  const [holder, key] = exprKind.value.args;
  return holder === undefined || key === undefined ? undefined : { holder, key };
}

/** The path that a node writes down, where all of it is fixed. */
export function staticPath(at: Node): StaticPath | undefined {
  if (at.exprKind.case === 'identExpr') return { root: at.exprKind.value.name, rest: [] };
  const access = accessOf(at);
  if (access === undefined) return undefined;
  const key = typeof access.key === 'string' ? access.key : literalKey(access.key);
  const before = key === undefined ? undefined : staticPath(access.holder);
  return before === undefined || key === undefined ? undefined : { root: before.root, rest: [...before.rest, key] };
}
