import { type Plan, type PlanStep, PlatformError } from '@durabase/contracts';

const UNDO = ':undo';

/** Id under which the undoing of a step is written down. */
export const undoIdOf = (stepId: string): string => `${stepId}${UNDO}`;

/** The step of a plan with this id, or what undoes it. Throws INTERNAL: the workflow names only what its plan has. */
export function findStep(plan: Plan, stepId: string): PlanStep {
  const own = stepId.endsWith(UNDO) ? stepId.slice(0, -UNDO.length) : stepId;
  const step = plan.steps.find(({ id }) => id === own);
  const found = own === stepId ? step : step?.onFailure;
  if (found === undefined) throw new PlatformError('INTERNAL', { message: `the plan has no step "${stepId}"` });
  return { needs: [], ...found, id: stepId };
}
