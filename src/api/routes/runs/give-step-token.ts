import { repeatedStepToken, runStepParams, stepToken, stepTokenBody } from '@durabase/contracts/api/external-step';
import { answerMade } from '../../answer-made.ts';
import { once } from '../../once.ts';
import { giveStepToken } from '../../queries/external-steps.ts';
import { findRun } from '../../queries/runs.ts';
import { defineRoute } from '../../route.ts';

export const giveStepTokenRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/runs/:run/steps/:step/token',
  access: 'caller',
  summary: 'A token with which anybody can end this external step, once. It is shown this once.',
  params: runStepParams,
  body: stepTokenBody,
  takesIdempotencyKey: true,
  answers: { 200: repeatedStepToken, 201: stepToken },
  handler: async ({ params, body, identity, idempotencyKey: key }, { runAsCaller }) => {
    const { run: runId, step: stepId } = params;
    const { made, isReplayed } = await runAsCaller(identity, (tx) =>
      once(
        tx,
        { operation: 'giveStepToken', key, asked: { ...params, ...body } },
        {
          make: async (): Promise<string | null> => giveStepToken(tx, { runId, stepId, iteration: body.iteration }),
          remember: () => runId,
          recall: async (id) => {
            await findRun(tx, id);
            return null;
          },
        },
      ),
    );
    return answerMade({ token: made }, { isReplayed });
  },
});
