import { run, runParams } from '@durabase/contracts/api/run';
import { noBody } from '@durabase/contracts/api/run-operations';
import { toRun } from '../../mappers/run.ts';
import { resumeRun } from '../../queries/run-operations.ts';
import { defineRoute } from '../../route.ts';

export const resumeRunRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/runs/:run/resume',
  access: 'caller',
  summary: 'Lets a paused run go on.',
  params: runParams,
  body: noBody,
  answers: { 200: run },
  handler: async ({ params, identity }, { runAsCaller, wake }) => {
    const row = await runAsCaller(identity, (tx) => resumeRun(tx, params.run));
    wake();
    return { status: 200, body: toRun(row) };
  },
});
