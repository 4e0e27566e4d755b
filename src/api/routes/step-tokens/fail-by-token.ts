import { endedStep, failByTokenBody } from '@durabase/contracts/api/external-step';
import { ANYBODY } from '../../anybody.ts';
import { endStepByToken } from '../../queries/external-steps.ts';
import { defineRoute } from '../../route.ts';

export const failByTokenRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/step-tokens/fail',
  access: 'public',
  summary: 'Ends the external step that the token was given out for, badly. Whoever has the token may, once.',
  body: failByTokenBody,
  answers: { 200: endedStep },
  handler: async ({ body }, { runAsCaller, wake }) => {
    const ended = await runAsCaller(ANYBODY, (tx) => endStepByToken(tx, body));
    wake();
    return { status: 200, body: ended };
  },
});
