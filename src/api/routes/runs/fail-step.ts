import { endedStep, failStepBody, runStepParams } from '@durabase/contracts/api/external-step';
import { failStep } from '../../queries/external-steps.ts';
import { defineRoute } from '../../route.ts';

export const failStepRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/runs/:run/steps/:step/fail',
  access: 'caller',
  summary: 'Ends an external step badly.',
  params: runStepParams,
  body: failStepBody,
  answers: { 200: endedStep },
  handler: async ({ params: { run, step }, body, identity }, { runAsCaller, wake }) => {
    const { message, iteration } = body;
    const ended = await runAsCaller(identity, (tx) => failStep(tx, { runId: run, stepId: step, iteration, message }));
    wake();
    return { status: 200, body: ended };
  },
});
