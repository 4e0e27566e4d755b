import { run, runParams } from '@durabase/contracts/api/run';
import { rerunBody } from '@durabase/contracts/api/run-operations';
import { answerMadeRun } from '../../answer-made-run.ts';
import { rerun } from '../../queries/run-operations.ts';
import { findRun } from '../../queries/runs.ts';
import { defineRoute } from '../../route.ts';

export const rerunRunRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/runs/:run/rerun',
  access: 'caller',
  summary: 'A new run of the same task, with the input of that run or another one; nothing is kept.',
  params: runParams,
  body: rerunBody,
  takesIdempotencyKey: true,
  answers: { 200: run, 201: run },
  handler: async ({ params, body: { input, version }, identity, idempotencyKey }, { runAsCaller, checkInput, wake }) => {
    // The schema at hand is that of the newest version; for another one the worker checks, as it always does.
    if (input !== undefined && version !== 'same') {
      const { task_id: task } = await runAsCaller(identity, (tx) => findRun(tx, params.run));
      await checkInput({ identity, task, input });
    }
    const made = await runAsCaller(identity, (tx) => rerun(tx, { runId: params.run, input, version, idempotencyKey }));
    wake();
    return answerMadeRun(made);
  },
});
