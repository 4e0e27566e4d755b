import { run, runParams } from '@durabase/contracts/api/run';
import { forkRunBody } from '@durabase/contracts/api/run-operations';
import { answerMadeRun } from '../../answer-made-run.ts';
import { forkRun } from '../../queries/run-operations.ts';
import { defineRoute } from '../../route.ts';

export const forkRunRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/runs/:run/fork',
  access: 'caller',
  summary: 'A new run that keeps the outputs of all steps that do not need the given one, and takes the others again.',
  params: runParams,
  body: forkRunBody,
  takesIdempotencyKey: true,
  answers: { 200: run, 201: run },
  handler: async ({ params, body: { fromStep, version }, identity, idempotencyKey }, { runAsCaller, wake }) => {
    const made = await runAsCaller(identity, (tx) => forkRun(tx, { runId: params.run, fromStep, version, idempotencyKey }));
    wake();
    return answerMadeRun(made);
  },
});
