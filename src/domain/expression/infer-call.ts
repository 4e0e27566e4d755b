import { type CelFunc, isCelError, plan } from '@bufbuild/cel';
import type { NodeProblem } from './expression-problem.ts';
import { describeNode } from './describe-node.ts';
import { writtenName } from './dispatch.ts';
import { readFault } from './faults.ts';
import type { Inferred } from './infer-access.ts';
import type { Language } from './language.ts';
import { ANYTHING, describeKinds, KIND, kindsOf, NUMBER, type StaticType } from './static-type.ts';
import { callNode, literalText, type Node, textNode } from './tree.ts';

/** A call with its target and arguments in one row, and what is known of each. */
export interface TypedCall {
  readonly name: string;
  readonly isMethod: boolean;
  readonly nodes: readonly Node[];
  readonly types: readonly StaticType[];
}

const parametersOf = ({ target, arguments: args }: CelFunc): readonly number[] =>
  [...(target === undefined ? [] : [target]), ...args].map(kindsOf);

const describeArgument = (node: Node, type: StaticType): string =>
  node.exprKind.case === 'constExpr' ? describeNode(node) : `${describeNode(node)} (${describeKinds(type.kinds)})`;

function mismatch({ name, nodes, types }: TypedCall): Omit<NodeProblem, 'id'> {
  const written = writtenName(name);
  const values = nodes.map((node, index) => describeArgument(node, types[index] ?? ANYTHING));
  const isInfix = !written.endsWith('()') && values.length === 2;
  const kinds = types.map((type) => type.kinds);
  const isTextAndNumber =
    name.startsWith('_') && kinds.some((kind) => kind === KIND.string) && kinds.some((kind) => (kind & ~NUMBER) === 0);
  return {
    code: 'EXPRESSION_TYPE',
    message: isInfix
      ? `${written} cannot be used between ${values.join(' and ')}`
      : `${written} cannot be used with ${values.join(', ')}`,
    ...(isTextAndNumber
      ? { suggestion: name === '_+_' ? 'write string(…) around the number' : 'write int(…) or double(…) around the text' }
      : {}),
  };
}

/** The complaint about a pattern, a time or a duration that stands in the expression itself: it is tried out. */
function checkLiteral({ name, nodes }: TypedCall, language: Language): Omit<NodeProblem, 'id'> | undefined {
  if (name !== 'matches' && name !== 'timestamp' && name !== 'duration') return undefined;
  const last = nodes.at(-1);
  if (last === undefined || literalText(last) === undefined) return undefined;
  const args = name === 'matches' ? [textNode(last.id, ''), last] : [last];
  const result = plan(language.env, callNode(last.id, name, args))();
  const fault = isCelError(result) ? readFault(result.message) : undefined;
  if (fault === undefined) return undefined;
  const { code, text: message, suggestion } = fault;
  return { code, message, ...(suggestion === undefined ? {} : { suggestion }) };
}

/** The result of a function, from the overloads that could be meant. */
export function inferCall(call: TypedCall, language: Language): Inferred {
  const candidates = (language.functions.get(call.name) ?? []).filter(
    ({ target, arguments: args }) =>
      (target !== undefined) === call.isMethod && args.length + (call.isMethod ? 1 : 0) === call.types.length,
  );
  // What is not there, or is called in another form, has been told already.
  if (candidates.length === 0) return { type: ANYTHING };
  const fitting = candidates.filter((overload) =>
    parametersOf(overload).every((kinds, index) => (kinds & (call.types[index]?.kinds ?? 0)) !== 0),
  );
  if (fitting.length === 0) return { type: ANYTHING, problem: mismatch(call) };
  const problem = checkLiteral(call, language);
  const kinds = fitting.reduce((sum, { result }) => sum | kindsOf(result), 0);
  return { type: { kinds }, ...(problem === undefined ? {} : { problem }) };
}
