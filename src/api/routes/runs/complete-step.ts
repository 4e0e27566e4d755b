import { completeStepBody, endedStep, runStepParams } from '@durabase/contracts/api/external-step';
import { completeStep } from '../../queries/external-steps.ts';
import { defineRoute } from '../../route.ts';

export const completeStepRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/runs/:run/steps/:step/complete',
  access: 'caller',
  summary: 'Ends an external step well, with an output that later steps read.',
  params: runStepParams,
  body: completeStepBody,
  answers: { 200: endedStep },
  handler: async ({ params: { run, step }, body, identity }, { runAsCaller, wake }) => {
    const { output, iteration } = body;
    const ended = await runAsCaller(identity, (tx) => completeStep(tx, { runId: run, stepId: step, iteration, output }));
    wake();
    return { status: 200, body: ended };
  },
});
