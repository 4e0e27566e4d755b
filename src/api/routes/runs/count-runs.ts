import { countRunsQuery, runCounts } from '@durabase/contracts/api/run-counts';
import { countRuns } from '../../queries/run-counts.ts';
import { findTask } from '../../queries/tasks.ts';
import { defineRoute } from '../../route.ts';

export const countRunsRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/runs/counts',
  access: 'caller',
  summary: 'How many runs the caller sees in each state, counted up to 5,000 of each.',
  query: countRunsQuery,
  answers: { 200: runCounts },
  handler: async ({ query: { workspace, task }, identity }, { runAsCaller }) => {
    const counts = await runAsCaller(identity, async (tx) => {
      const taskId = task === undefined ? undefined : (await findTask(tx, { task, workspace })).task.id;
      return countRuns(tx, { workspace, taskId });
    });
    return { status: 200, body: { counts } };
  },
});
