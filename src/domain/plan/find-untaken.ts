import type { StepDefinition } from '@durabase/contracts';

/** The steps that are skipped with this one: those for which nothing that they need is left. */
export function findUntaken(id: string, steps: readonly StepDefinition[]): readonly string[] {
  const untaken = new Set([id]);
  let before = 0;
  while (untaken.size > before) {
    before = untaken.size;
    for (const { id: other, needs = [] } of steps) {
      if (needs.length > 0 && needs.every((need) => untaken.has(need))) untaken.add(other);
    }
  }
  untaken.delete(id);
  return [...untaken];
}

/** What is said of a step that can never be taken. */
export function describeUntaken(
  why: string,
  { id }: StepDefinition,
  steps: readonly StepDefinition[],
): readonly [string, string] {
  const behind = findUntaken(id, steps).map((other) => `"${other}"`);
  const more = behind.length === 0 ? '' : `, nor is what needs it: ${behind.slice(0, 20).join(', ')}`;
  return [`${why}: "${id}" is never taken${more}`, 'read a value such as input.name in it, or remove the step'];
}
