import { jsonLanguage } from '@codemirror/lang-json';
import type { SyntaxNode } from '@lezer/common';

/** A stretch of the text. */
export interface Place {
  readonly from: number;
  readonly to: number;
}

const PART = /\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g;

/** `steps[1].with["x y"]` as names and indexes. */
export const readPath = (path: string): readonly (string | number)[] =>
  [...path.matchAll(PART)].map(([, index, quoted, name = '']) => {
    if (index !== undefined) return Number(index);
    return quoted === undefined ? name : String(JSON.parse(`"${quoted}"`));
  });

/** Where a value stands in JSON text. Of what is not there, whatever it should be in; of objects and lists, their name. */
export const locatePath = (text: string, path: string): Place => {
  const top = jsonLanguage.parser.parse(text).topNode.firstChild;
  let found: Found | undefined = top === null ? undefined : { value: top, name: undefined };
  for (const part of readPath(path)) {
    const next: Found | undefined = found === undefined ? undefined : childOf(text, found.value, part);
    if (next === undefined) break;
    found = next;
  }
  if (found === undefined) return { from: 0, to: Math.min(1, text.length) };
  return describe(found);
};

/** Where the text stops being JSON: browsers no longer say it. */
export const locateSyntaxError = (text: string): Place => {
  let at: Place | undefined;
  jsonLanguage.parser.parse(text).iterate({
    enter: ({ type, from, to }) => {
      if (type.isError) at ??= { from, to };
      return at === undefined;
    },
  });
  const { from, to } = at ?? { from: text.length, to: text.length };
  if (to > from) return { from, to };
  // Something is missing: what stands before it is marked.
  const before = text.slice(0, from).trimEnd().length;
  return { from: Math.max(0, before - 1), to: before };
};

interface Found {
  readonly value: SyntaxNode;
  readonly name: SyntaxNode | undefined;
}

const describe = ({ value, name }: Found): Place => {
  const isWide = value.name === 'Object' || value.name === 'Array';
  if (!isWide) return { from: value.from, to: value.to };
  return name === undefined ? { from: value.from, to: value.from + 1 } : { from: name.from, to: name.to };
};

const childOf = (text: string, parent: SyntaxNode, part: string | number): Found | undefined => {
  if (typeof part === 'number') {
    if (parent.name !== 'Array') return undefined;
    const item = childrenOf(parent).filter((node) => VALUES.has(node.name))[part];
    return item === undefined ? undefined : { value: item, name: undefined };
  }
  if (parent.name !== 'Object') return undefined;
  for (const property of parent.getChildren('Property')) {
    const name = property.getChild('PropertyName');
    const value = property.lastChild;
    if (name !== null && value !== null && readName(text.slice(name.from, name.to)) === part) return { value, name };
  }
  return undefined;
};

const VALUES: ReadonlySet<string> = new Set(['Object', 'Array', 'String', 'Number', 'True', 'False', 'Null']);

const childrenOf = (node: SyntaxNode): readonly SyntaxNode[] => {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) children.push(child);
  return children;
};

const readName = (quoted: string): string => {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted; // somebody is typing
  }
};
