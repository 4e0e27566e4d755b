import type { CelError } from '@bufbuild/cel';
import { describeNode, pathText } from './describe-node.ts';
import { type ExpressionProblem, positionAt } from './expression-problem.ts';
import { Abort, type FaultFacts, readFault } from './faults.ts';
import { accessOf, type Node, nodesOf } from './tree.ts';

/** Where a failure can have come from. */
interface FailureContext {
  readonly source: string;
  readonly root: Node;
  readonly offsetOf: (id: bigint | number) => number;
}

/** What the library says by itself, where no function of ours stands in between. */
function factsOfLibrary(message: string, node: Node | undefined): FaultFacts {
  if (message === 'unresolved attribute') {
    return {
      code: 'EXPRESSION_NO_SUCH_KEY',
      text: `${node === undefined ? 'a name' : `"${describeNode(node)}"`} has no value here`,
    };
  }
  return { code: 'EXPRESSION_INVALID_VALUE', text: `the expression fails: ${message.slice(0, 200)}` };
}

/** A failed evaluation in our words: code, place, path and what to do. */
export function explainFailure(error: CelError, { source, root, offsetOf }: FailureContext): ExpressionProblem {
  if (error.cause instanceof Abort) {
    const { code, text, suggestion } = error.cause.facts;
    return { code, message: text, position: positionAt(source, 0), ...(suggestion === undefined ? {} : { suggestion }) };
  }
  if (error.cause instanceof RangeError) {
    return { code: 'EXPRESSION_TOO_LARGE', message: 'a value is nested too deeply', position: positionAt(source, 0) };
  }
  const id = error.exprId ?? root.id;
  const node = [...nodesOf(root)].find((candidate) => candidate.id === id);
  const facts = readFault(error.message) ?? factsOfLibrary(error.message, node);
  const holder = node === undefined ? undefined : accessOf(node)?.holder;
  const path = node === undefined || facts.code !== 'EXPRESSION_NO_SUCH_KEY' ? undefined : pathText(node);
  return {
    code: facts.code,
    message:
      facts.isAboutHolder === true ? `${holder === undefined ? 'the value' : describeNode(holder)} ${facts.text}` : facts.text,
    position: positionAt(source, offsetOf(id)),
    ...(facts.suggestion === undefined ? {} : { suggestion: facts.suggestion }),
    ...(path === undefined ? {} : { path }),
  };
}
