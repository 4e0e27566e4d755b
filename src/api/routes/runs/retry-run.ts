import { run, runParams } from '@durabase/contracts/api/run';
import { noBody } from '@durabase/contracts/api/run-operations';
import { answerMadeRun } from '../../answer-made-run.ts';
import { retryRun } from '../../queries/run-operations.ts';
import { defineRoute } from '../../route.ts';

export const retryRunRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/runs/:run/retry',
  access: 'caller',
  summary: 'A new run that keeps what a failed one has done, and takes again what failed and what comes after it.',
  params: runParams,
  body: noBody,
  takesIdempotencyKey: true,
  answers: { 200: run, 201: run },
  handler: async ({ params, identity, idempotencyKey }, { runAsCaller, wake }) => {
    const made = await runAsCaller(identity, (tx) => retryRun(tx, { runId: params.run, idempotencyKey }));
    wake();
    return answerMadeRun(made);
  },
});
