import { cancelRunBody, run, runParams } from '@durabase/contracts/api/run';
import { toRun } from '../../mappers/run.ts';
import { cancelRun } from '../../queries/runs.ts';
import { defineRoute } from '../../route.ts';

export const cancelRunRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/runs/:run/cancel',
  access: 'caller',
  summary: 'Asks a run to end. One that has not started ends at once, others as soon as their steps have cleaned up.',
  params: runParams,
  body: cancelRunBody,
  answers: { 200: run },
  handler: async ({ params, body: { reason }, identity }, { runAsCaller, wake }) => {
    const row = await runAsCaller(identity, (tx) => cancelRun(tx, { runId: params.run, reason }));
    wake();
    return { status: 200, body: toRun(row) };
  },
});
