import { unparse } from '@bufbuild/cel';
import { formatPath } from '@durabase/contracts/json-path';
import { accessOf, type Node, staticPath } from './tree.ts';

const SHOWN = 60;

/** The path that a node writes down, as text: `steps.fetch.output.items[0]`. */
export function pathText(node: Node): string | undefined {
  const path = staticPath(node);
  return path === undefined ? undefined : formatPath([path.root, ...path.rest]);
}

/** A piece of the expression for a message. */
export function describeNode(node: Node): string {
  const path = pathText(node);
  if (path !== undefined) return path;
  const access = accessOf(node);
  if (access !== undefined && typeof access.key === 'string') return `${describeNode(access.holder)}.${access.key}`;
  try {
    const text = unparse(node);
    return text.length > SHOWN || text.includes('@') ? 'the value' : text;
  } catch {
    // A loop has no text of its own once its macro is expanded.
    return 'the value';
  }
}
