import { run, runParams } from '@durabase/contracts/api/run';
import { pauseRunBody } from '@durabase/contracts/api/run-operations';
import { toRun } from '../../mappers/run.ts';
import { pauseRun } from '../../queries/run-operations.ts';
import { defineRoute } from '../../route.ts';

export const pauseRunRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/runs/:run/pause',
  access: 'caller',
  summary: 'Holds a run before its next step. What is under way ends; deadlines go on.',
  params: runParams,
  body: pauseRunBody,
  answers: { 200: run },
  handler: async ({ params, body: { reason }, identity }, { runAsCaller, wake }) => {
    const row = await runAsCaller(identity, (tx) => pauseRun(tx, { runId: params.run, reason }));
    wake();
    return { status: 200, body: toRun(row) };
  },
});
