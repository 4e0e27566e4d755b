import type { Problem, StepDefinition } from '@durabase/contracts';
import { findCircle } from '@durabase/contracts/define-task/follow-references';
import { problem } from './problem.ts';
import { suggestName } from './suggest-name.ts';

/** Steps in an order in which each stands behind those it needs, and for each the steps that are surely done before it. */
export interface StepOrder {
  readonly ordered: readonly StepDefinition[];
  readonly before: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Sorts the steps by what they need, keeping the author's order otherwise. */
export function orderSteps(steps: readonly StepDefinition[]): {
  readonly order: StepOrder;
  readonly problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  const ids = steps.map((step) => step.id);
  steps.forEach((step, index) => {
    if (ids.indexOf(step.id) !== index)
      problems.push(
        problem(['steps', index, 'id'], `the id "${step.id}" is used twice`, { hint: 'give each step an id of its own' }),
      );
    step.needs?.forEach((need, position) => {
      if (!ids.includes(need)) {
        problems.push(
          problem(['steps', index, 'needs', position], `there is no step "${need}"`, { hint: suggestName(need, ids) }),
        );
      }
    });
  });

  const before = new Map<string, ReadonlySet<string>>();
  const ordered: StepDefinition[] = [];
  let open = [...steps];
  while (open.length > 0) {
    const ready = open.filter((step) => (step.needs ?? []).every((need) => before.has(need) || !ids.includes(need)));
    if (ready.length === 0) break;
    for (const step of ready) {
      ordered.push(step);
      const needs = (step.needs ?? []).filter((need) => before.has(need));
      before.set(step.id, new Set(needs.flatMap((need) => [need, ...(before.get(need) ?? [])])));
    }
    open = open.filter((step) => !ready.includes(step));
  }
  if (open.length > 0) {
    const cycle = findCircle(new Map(open.map(({ id, needs = [] }) => [id, needs]))) ?? [];
    const [first = ''] = cycle;
    const [message, hint] =
      cycle.length === 2
        ? [`the step "${first}" needs itself`, `remove "${first}" from "needs"`]
        : [`these steps need each other: ${cycle.join(' → ')}`, 'remove one of the arrows'];
    problems.push(problem(['steps', ids.indexOf(first), 'needs'], message, { hint }));
  }
  return { order: { ordered, before }, problems };
}
