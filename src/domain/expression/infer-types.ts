import { namespacedCall, variableOf } from './check-names.ts';
import { describeNode } from './describe-node.ts';
import type { NodeProblem } from './expression-problem.ts';
import { type Inferred, inferIndex, inferOptional, inferProperty } from './infer-access.ts';
import { inferCall } from './infer-call.ts';
import { COALESCE, type Language, TYPE_NAMES } from './language.ts';
import { appended } from './lower-loop.ts';
import { ANYTHING, BOOL, describeKinds, eitherOf, KIND, type StaticType } from './static-type.ts';
import { type Constant, literalText, type Loop, type Node, type NodeOf, nodesOf, qualifiedName } from './tree.ts';

/** What is known of the names that an expression reads. */
export interface TypeContext {
  readonly language: Language;
  readonly variables: ReadonlyMap<string, StaticType>;
}

type Scope = ReadonlyMap<string, StaticType>;

const KIND_OF_CONSTANT: Readonly<Record<NonNullable<Constant['case']>, number>> = {
  nullValue: KIND.null,
  boolValue: KIND.bool,
  int64Value: KIND.int,
  uint64Value: KIND.uint,
  doubleValue: KIND.double,
  stringValue: KIND.string,
  bytesValue: KIND.bytes,
  durationValue: KIND.duration,
  timestampValue: KIND.timestamp,
};

/** Names of an object that stands in an expression may be numbers and bools too. */
const KEY: StaticType = { kinds: KIND.string | KIND.int | KIND.uint | KIND.bool };

/** Finds what can never work, and what the expression may give. Names are checked elsewhere. */
export class TypeInference {
  readonly problems: NodeProblem[] = [];
  readonly #context: TypeContext;

  constructor(context: TypeContext) {
    this.#context = context;
  }

  infer(node: Node, scope: Scope = new Map()): StaticType {
    const { exprKind } = node;
    switch (exprKind.case) {
      case 'constExpr':
        return { kinds: exprKind.value.constantKind.case === undefined ? 0 : KIND_OF_CONSTANT[exprKind.value.constantKind.case] };
      case 'identExpr':
        return this.#inferName(exprKind.value.name, scope);
      case 'selectExpr':
        return this.#inferSelect(node, exprKind.value, scope);
      case 'callExpr':
        return this.#inferCall(node, exprKind.value, scope);
      case 'listExpr': {
        const items = exprKind.value.elements.map((element) => this.infer(element, scope));
        return { kinds: KIND.list, items: () => items.reduce((left, right) => eitherOf(left, right), items[0] ?? ANYTHING) };
      }
      case 'structExpr':
        return this.#inferObject(exprKind.value, scope);
      case 'comprehensionExpr':
        return this.#inferLoop(exprKind.value, scope);
      case undefined:
        return ANYTHING;
    }
  }

  #take({ type, problem }: Inferred, node: Node): StaticType {
    if (problem !== undefined) this.problems.push({ id: node.id, ...problem });
    return type;
  }

  #inferName(name: string, scope: Scope): StaticType {
    const known = scope.get(name) ?? this.#context.variables.get(variableOf(name));
    if (known !== undefined) return known;
    return TYPE_NAMES.has(variableOf(name)) ? { kinds: KIND.type } : ANYTHING;
  }

  #inferSelect(node: Node, { operand, field, testOnly }: NonNullable<NodeOf<'selectExpr'>>, scope: Scope): StaticType {
    if (TYPE_NAMES.has(qualifiedName(node) ?? '')) return { kinds: KIND.type };
    if (operand === undefined) return ANYTHING;
    const holder = this.infer(operand, scope);
    return testOnly ? BOOL : this.#take(inferProperty(operand, holder, field, node), node);
  }

  #requireBool(node: Node, scope: Scope): void {
    const { kinds } = this.infer(node, scope);
    if ((kinds & KIND.bool) !== 0) return;
    this.problems.push({
      id: node.id,
      code: 'EXPRESSION_TYPE',
      message: `a condition is true or false, but ${describeNode(node)} is ${describeKinds(kinds)}`,
      suggestion: 'compare it: a == b, a != null, size(a) > 0',
    });
  }

  #inferCall(node: Node, { function: name, target, args }: NonNullable<NodeOf<'callExpr'>>, scope: Scope): StaticType {
    const [first, second, third] = args;
    if (name === '_&&_' || name === '_||_') {
      for (const arg of args) this.#requireBool(arg, scope);
      return BOOL;
    }
    if (name === '@not_strictly_false') return BOOL;
    if (name === '_?_:_' && first !== undefined && second !== undefined && third !== undefined) {
      this.#requireBool(first, scope);
      return eitherOf(this.infer(second, scope), this.infer(third, scope));
    }
    if (name === '_[_]' && first !== undefined && second !== undefined) {
      const [holder, key] = [this.infer(first, scope), this.infer(second, scope)];
      return this.#take(inferIndex(first, holder, second, key, node), node);
    }
    if (name === COALESCE && target === undefined) {
      const types = args.map((arg, index) =>
        index < args.length - 1 ? inferOptional(arg, (inner) => this.infer(inner, scope)) : this.infer(arg, scope),
      );
      return types.reduce((left, right) => eitherOf(left, right), types[0] ?? ANYTHING);
    }
    const namespaced = namespacedCall(node, this.#context.language);
    const isMethod = target !== undefined && namespaced === undefined;
    const nodes = isMethod ? [target, ...args] : args;
    const types = nodes.map((item) => this.infer(item, scope));
    return this.#take(inferCall({ name: namespaced ?? name, isMethod, nodes, types }, this.#context.language), node);
  }

  #inferObject({ entries }: NonNullable<NodeOf<'structExpr'>>, scope: Scope): StaticType {
    const known = new Map<string, StaticType>();
    let isComplete = true;
    for (const { keyKind, value } of entries) {
      const type = value === undefined ? ANYTHING : this.infer(value, scope);
      const name = keyKind.case === 'mapKey' ? literalText(keyKind.value) : undefined;
      if (keyKind.case === 'mapKey') this.infer(keyKind.value, scope);
      if (name === undefined) isComplete = false;
      else known.set(name, type);
    }
    return {
      kinds: KIND.map,
      property: (name) => known.get(name) ?? (isComplete ? undefined : ANYTHING),
      names: () => [...known.keys()],
    };
  }

  #inferLoop({ iterRange, iterVar, accuVar, accuInit, loopStep }: Loop, scope: Scope): StaticType {
    if (iterRange === undefined || loopStep === undefined) return ANYTHING;
    const range = this.infer(iterRange, scope);
    const isList = (range.kinds & KIND.list) !== 0;
    const isMap = (range.kinds & KIND.map) !== 0;
    if (!isList && !isMap) {
      this.problems.push({
        id: iterRange.id,
        code: 'EXPRESSION_TYPE',
        message: `a loop goes over a list or an object, but ${describeNode(iterRange)} is ${describeKinds(range.kinds)}`,
      });
    }
    const item = range.items?.() ?? ANYTHING;
    const turn = isList && isMap ? eitherOf(item, KEY) : isMap ? KEY : item;
    const inner = new Map([...scope, [iterVar, turn] as const, [accuVar, ANYTHING] as const]);
    this.infer(loopStep, inner);
    if (accuInit?.exprKind.case !== 'listExpr') return BOOL;
    const value = [...nodesOf(loopStep)].map(appended).find((found) => found !== undefined)?.value;
    const { language, variables } = this.#context;
    return {
      kinds: KIND.list,
      items: () => (value === undefined ? ANYTHING : new TypeInference({ language, variables }).infer(value, inner)),
    };
  }
}
