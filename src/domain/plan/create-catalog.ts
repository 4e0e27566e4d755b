import type { ActionContract, JsonObject, Problem } from '@durabase/contracts';
import type { z } from 'zod';
import type { ActionCatalog, CatalogEntry } from './action-catalog.ts';
import { formatPath } from './problem.ts';

/** Problems at places that templates fill, or above and below them, show only when the step runs. */
const isSeen = (issue: z.core.$ZodIssue, isTemplated: (path: readonly (string | number)[]) => boolean): boolean =>
  !isTemplated(issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part)));

/** A union tells of every branch; the branch that came furthest is the one that was meant. */
function flatten(issue: z.core.$ZodIssue): readonly z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue];
  const branches = issue.errors.map((errors) => errors.flatMap(flatten));
  const best = branches.reduce((left, right) => (depth(right) > depth(left) ? right : left));
  return best.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}
const depth = (issues: readonly z.core.$ZodIssue[]): number =>
  Math.max(0, ...issues.map((issue) => issue.path.length)) - issues.length / 100;

const namesOf = (schema: z.ZodType): readonly string[] | undefined => {
  const shape: unknown = 'shape' in schema ? schema.shape : undefined;
  return typeof shape === 'object' && shape !== null ? Object.keys(shape) : undefined;
};

const entryOf = (contract: ActionContract): CatalogEntry => ({
  type: contract.type,
  kind: contract.kind,
  secretFields: contract.secretFields,
  retry: contract.retry,
  timeouts: contract.timeouts,
  effectOf: contract.effectOf,
  outputNames: namesOf(contract.output),
  checkInput: (input: JsonObject, isTemplated): readonly Problem[] => {
    const parsed = contract.input.safeParse(input);
    if (parsed.success) return [];
    return parsed.error.issues
      .flatMap(flatten)
      .filter((issue) => isSeen(issue, isTemplated))
      .map((issue) => ({ code: 'INVALID_TASK', path: formatPath(issue.path), message: issue.message }));
  },
});

/** The compiler's view of action contracts. */
export const createCatalog = (contracts: readonly ActionContract[]): ActionCatalog =>
  new Map(contracts.map((contract) => [contract.type, entryOf(contract)]));
