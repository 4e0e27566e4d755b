import type { Problem } from '../errors.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import { findCircle, stepsInExpression, stepsInTemplates } from './follow-references.ts';
import { taskProblem } from './refuse-task.ts';

const asText = (value: Json | undefined): string => (typeof value === 'string' ? value : '');
const isText = (value: Json): value is string => typeof value === 'string';

/** Which fields of a step read which steps. */
const readsOf = (step: JsonObject): readonly (readonly [field: string, ids: readonly string[]])[] => {
  const undo = step['onFailure'];
  return [
    ['when', stepsInExpression(asText(step['when']))],
    ['forEach', stepsInExpression(asText(step['forEach']))],
    ['with', stepsInTemplates(step['with'] ?? null)],
    // it undoes what its own step has done, whose output it therefore has
    ['onFailure', stepsInTemplates(isJsonObject(undo) ? (undo['with'] ?? null) : null).filter((id) => id !== step['id'])],
  ];
};

const unknownStep = (at: readonly (string | number)[], id: string, known: readonly string[]): Problem =>
  taskProblem(at, `there is no step ${JSON.stringify(id)}`, `steps are: ${known.join(', ')}`);

/** Steps with the needs that follow from what they read. Duplicates, unknown steps and circles are problems. */
export const linkSteps = (steps: readonly JsonObject[], problems: Problem[]): readonly JsonObject[] => {
  const ids = steps.map((step) => asText(step['id']));
  const linked = steps.map((step, index) => {
    const id = ids[index] ?? '';
    if (ids.indexOf(id) !== index)
      problems.push(
        taskProblem(['steps', index, 'id'], `two steps are called ${JSON.stringify(id)}`, 'give each a name of its own'),
      );
    const named = Array.isArray(step['needs']) ? (step['needs'] as readonly Json[]).filter(isText) : [];
    for (const need of named) if (!ids.includes(need)) problems.push(unknownStep(['steps', index, 'needs'], need, ids));
    const reads = readsOf(step);
    for (const [field, read] of reads)
      for (const unknown of new Set(read))
        if (!ids.includes(unknown)) problems.push(unknownStep(['steps', index, field], unknown, ids));
    const needs = [...new Set([...named, ...reads.flatMap(([, read]) => read)])];
    return needs.length === 0 ? step : insertNeeds(step, needs);
  });
  const circle = findCircle(new Map(linked.map((step) => [asText(step['id']), (step['needs'] ?? []) as readonly string[]])));
  if (circle !== undefined)
    problems.push(
      taskProblem(['steps'], `these steps need each other: ${circle.join(' → ')}`, 'take one of the references or needs away'),
    );
  return linked;
};

/** Behind the action, where people look for it. */
const insertNeeds = ({ id, action, ...rest }: JsonObject, needs: readonly string[]): JsonObject => {
  const { needs: _, ...others } = rest;
  return { ...(id === undefined ? {} : { id }), ...(action === undefined ? {} : { action }), needs, ...others };
};
