import { run, runParams } from '@durabase/contracts/api/run';
import { toRun } from '../../mappers/run.ts';
import { findRun } from '../../queries/runs.ts';
import { defineRoute } from '../../route.ts';

export const getRunRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/runs/:run',
  access: 'caller',
  summary: 'A run.',
  params: runParams,
  answers: { 200: run },
  handler: async ({ params, identity }, { runAsCaller }) => {
    const row = await runAsCaller(identity, (tx) => findRun(tx, params.run));
    return { status: 200, body: toRun(row) };
  },
});
