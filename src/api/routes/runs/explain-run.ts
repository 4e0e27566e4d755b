import { runParams } from '@durabase/contracts/api/run';
import { runExplanation } from '@durabase/contracts/api/run-explanation';
import { toExplanation } from '../../mappers/run-explanation.ts';
import { explainRun } from '../../queries/lineage.ts';
import { defineRoute } from '../../route.ts';

export const explainRunRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/runs/:run/explain',
  access: 'caller',
  summary: 'Why a run stands where it stands: what holds it, who is before it, what it waits for, who paused it.',
  params: runParams,
  answers: { 200: runExplanation },
  handler: async ({ params, identity }, { runAsCaller }) => {
    const explanation = await runAsCaller(identity, (tx) => explainRun(tx, params.run));
    return { status: 200, body: toExplanation(explanation) };
  },
});
