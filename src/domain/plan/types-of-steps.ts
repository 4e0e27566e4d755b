import type { Json, StepDefinition } from '@durabase/contracts';
import type { ActionCatalog } from './action-catalog.ts';

function typeOfOutput(step: StepDefinition, actions: ActionCatalog): Json {
  // What stands in for an event that did not come may have any form.
  const schema = step.with?.['onTimeout'] === undefined ? (actions.get(step.action)?.outputSchema ?? true) : true;
  const skipped = { type: 'null' };
  if (schema === true) return step.forEach === undefined ? true : { anyOf: [{ type: 'array' }, skipped] };
  const type = { anyOf: [schema, skipped] };
  return step.forEach === undefined ? type : { anyOf: [{ type: 'array', items: type }, skipped] };
}

/** JSON Schema of `steps`: the outputs of those that are done, null where one was skipped. */
export const typesOfSteps = ({
  done,
  actions,
}: {
  readonly done: ReadonlyMap<string, StepDefinition>;
  readonly actions: ActionCatalog;
}): Json => ({
  type: 'object',
  properties: Object.fromEntries(
    [...done.values()].map((step) => [step.id, { type: 'object', properties: { output: typeOfOutput(step, actions) } }]),
  ),
});
