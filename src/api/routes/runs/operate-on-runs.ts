import { bulkBody, bulkResult } from '@durabase/contracts/api/run-operations';
import { forRuns } from '../../queries/run-operations.ts';
import { defineRoute } from '../../route.ts';

export const operateOnRunsRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/runs/bulk',
  access: 'caller',
  summary: 'One operation on the runs that a filter means, each refused by itself; says how many match and what remains.',
  body: bulkBody,
  answers: { 200: bulkResult },
  handler: async ({ body: { operation, filter, options = {}, maxRuns }, identity }, { runAsCaller, wake }) => {
    const body = await runAsCaller(identity, (tx) => forRuns(tx, { operation, filter, options, maxRuns }));
    wake();
    return { status: 200, body };
  },
});
