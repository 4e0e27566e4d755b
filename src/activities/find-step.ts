import { type Plan, type PlanStep, PlatformError } from '@durabase/contracts';

/** The step of a plan with this id. Throws INTERNAL: the workflow names only steps that its plan has. */
export function findStep(plan: Plan, stepId: string): PlanStep {
  const step = plan.steps.find(({ id }) => id === stepId);
  if (step === undefined) throw new PlatformError('INTERNAL', { message: `the plan has no step "${stepId}"` });
  return step;
}
