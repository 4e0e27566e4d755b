import { isJsonObject, type Json } from '@durabase/contracts';
import { formatPath } from '@durabase/contracts/json-path';

/** One field in which two definitions differ. `before` of what is added and `after` of what is removed are not there. */
export interface FieldChange {
  readonly path: string;
  readonly kind: 'added' | 'removed' | 'changed';
  readonly before?: Json;
  readonly after?: Json;
}

type Path = readonly (string | number)[];

/** Items of a list that have ids of their own, such as steps, are compared by them; others by their places. */
const idsOf = (items: readonly Json[]): readonly string[] | undefined => {
  const ids = items.map((item) => (isJsonObject(item) && typeof item['id'] === 'string' ? item['id'] : undefined));
  const known = ids.filter((id) => id !== undefined);
  return known.length === items.length && new Set(known).size === items.length ? known : undefined;
};

const compareObjects = (
  before: Readonly<Record<string, Json>>,
  after: Readonly<Record<string, Json>>,
  at: Path,
): readonly FieldChange[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) => {
    const path = [...at, name];
    const [old, now] = [
      Object.hasOwn(before, name) ? before[name] : undefined,
      Object.hasOwn(after, name) ? after[name] : undefined,
    ];
    return compareParts(old, now, path);
  });

const compareParts = (before: Json | undefined, after: Json | undefined, at: Path): readonly FieldChange[] => {
  const path = formatPath(at);
  if (before === undefined) return after === undefined ? [] : [{ path, kind: 'added', after }];
  if (after === undefined) return [{ path, kind: 'removed', before }];
  return compare(before, after, at);
};

const compareByPlace = (before: readonly Json[], after: readonly Json[], at: Path): readonly FieldChange[] =>
  Array.from({ length: Math.max(before.length, after.length) }, (_, place) => place).flatMap((place) =>
    compareParts(before[place], after[place], [...at, place]),
  );

/** A list whose items have ids: what came, what went, what changed, and the order where nothing else says it. */
const compareById = (before: readonly Json[], after: readonly Json[], at: Path): readonly FieldChange[] | undefined => {
  const [oldIds, newIds] = [idsOf(before), idsOf(after)];
  if (oldIds === undefined || newIds === undefined) return undefined;
  const oldOf = new Map(oldIds.map((id, place) => [id, before[place]]));
  const newOf = new Map(newIds.map((id, place) => [id, after[place]]));
  const changes = [...new Set([...oldIds, ...newIds])].flatMap((id) => compareParts(oldOf.get(id), newOf.get(id), [...at, id]));
  const [keptBefore, keptAfter] = [oldIds.filter((id) => newOf.has(id)), newIds.filter((id) => oldOf.has(id))];
  if (keptBefore.every((id, place) => id === keptAfter[place])) return changes;
  return [...changes, { path: formatPath(at), kind: 'changed', before: keptBefore, after: keptAfter }];
};

function compare(before: Json, after: Json, at: Path): readonly FieldChange[] {
  if (Array.isArray(before) && Array.isArray(after)) {
    const [old, now] = [before as readonly Json[], after as readonly Json[]];
    return compareById(old, now, at) ?? compareByPlace(old, now, at);
  }
  if (isJsonObject(before) && isJsonObject(after)) return compareObjects(before, after, at);
  return before === after ? [] : [{ path: formatPath(at), kind: 'changed', before, after }];
}

/**
 * In which fields two definitions differ. Steps are named by their ids, as `steps.fetch.with.url`: one that moved because another
 * one came before it has not changed.
 */
export const compareDefinitions = (before: Json, after: Json): readonly FieldChange[] => compare(before, after, []);
