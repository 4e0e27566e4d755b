import { bulkBody, bulkResult } from '@durabase/contracts/api/run-operations';
import { once } from '../../once.ts';
import { forRuns, keepVisible } from '../../queries/run-operations.ts';
import { defineRoute } from '../../route.ts';

export const operateOnRunsRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/runs/bulk',
  access: 'caller',
  summary: 'One operation on the runs that a filter means, each refused by itself; says how many match and what remains.',
  body: bulkBody,
  takesIdempotencyKey: true,
  answers: { 200: bulkResult },
  handler: async ({ body, identity, idempotencyKey: key }, { runAsCaller, wake }) => {
    const { operation, filter, options = {}, maxRuns } = body;
    const { made, isReplayed } = await runAsCaller(identity, (tx) =>
      once(
        tx,
        { operation: 'operateOnRuns', key, asked: body },
        {
          make: () => forRuns(tx, { operation, filter, options, maxRuns }),
          remember: (result) => result,
          recall: (result) => keepVisible(tx, result),
        },
      ),
    );
    wake();
    return { status: 200, headers: isReplayed ? { 'Idempotency-Replayed': 'true' } : {}, body: made };
  },
});
