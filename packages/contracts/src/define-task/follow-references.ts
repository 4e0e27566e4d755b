import type { Json } from '../json.ts';

const TEMPLATES = /\{\{([\s\S]*?)\}\}/g;
const TEXTS = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/g;
const STEPS = /(?<![\w.])steps\s*\.\s*([A-Za-z_]\w*)/g;

/** Ids of the steps that an expression reads. What stands in quotes is text. */
export const stepsInExpression = (expression: string): readonly string[] =>
  [...expression.replaceAll(TEXTS, '""').matchAll(STEPS)].map(([, id]) => id ?? '');

/** Ids of the steps that the templates of a value read. */
export const stepsInTemplates = (value: Json): readonly string[] => {
  if (typeof value === 'string') return [...value.matchAll(TEMPLATES)].flatMap(([, source]) => stepsInExpression(source ?? ''));
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((part: Json) => stepsInTemplates(part));
};

/** A way from a step over its needs back to itself; undefined where there is none. */
export const findCircle = (needsOf: ReadonlyMap<string, readonly string[]>): readonly string[] | undefined => {
  const done = new Set<string>();
  const walk = (id: string, way: readonly string[]): readonly string[] | undefined => {
    if (way.includes(id)) return [...way.slice(way.indexOf(id)), id];
    if (done.has(id)) return undefined;
    for (const need of needsOf.get(id) ?? []) {
      const circle = walk(need, [...way, id]);
      if (circle !== undefined) return circle;
    }
    done.add(id);
    return undefined;
  };
  for (const id of needsOf.keys()) {
    const circle = walk(id, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
};
