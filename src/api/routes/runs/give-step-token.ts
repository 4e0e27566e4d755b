import { runStepParams, stepToken, stepTokenBody } from '@durabase/contracts/api/external-step';
import { giveStepToken } from '../../queries/external-steps.ts';
import { defineRoute } from '../../route.ts';

export const giveStepTokenRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/runs/:run/steps/:step/token',
  access: 'caller',
  summary: 'A token with which anybody can end this external step, once. It is shown this once.',
  params: runStepParams,
  body: stepTokenBody,
  answers: { 201: stepToken },
  handler: async ({ params: { run, step }, body: { iteration }, identity }, { runAsCaller }) => {
    const token = await runAsCaller(identity, (tx) => giveStepToken(tx, { runId: run, stepId: step, iteration }));
    return { status: 201, headers: { 'Cache-Control': 'no-store' }, body: { token } };
  },
});
