import { taskParams, taskSummary, workspaceQuery } from '@durabase/contracts/api/task';
import { toTaskSummary } from '../../mappers/task.ts';
import { restoreTask } from '../../queries/task-versions.ts';
import { defineRoute } from '../../route.ts';

export const restoreTaskRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/tasks/:task/restore',
  access: 'caller',
  summary: 'Brings a deleted task back; of several with one slug the one that was deleted last.',
  params: taskParams,
  query: workspaceQuery,
  answers: { 200: taskSummary },
  handler: async ({ params, query, identity }, { runAsCaller }) => {
    const row = await runAsCaller(identity, (tx) => restoreTask(tx, { ...params, ...query }));
    return { status: 200, body: toTaskSummary(row) };
  },
});
