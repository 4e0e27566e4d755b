import { taskParams, taskSummary, workspaceQuery } from '@durabase/contracts/api/task';
import { toTaskSummary } from '../../mappers/task.ts';
import { deleteTask } from '../../queries/task-versions.ts';
import { defineRoute } from '../../route.ts';

export const deleteTaskRoute = defineRoute({
  method: 'DELETE',
  path: '/api/v1/tasks/:task',
  access: 'caller',
  summary: 'Deletes a task: it cannot be started any more. Its runs go on, and it can be restored.',
  params: taskParams,
  query: workspaceQuery,
  answers: { 200: taskSummary },
  handler: async ({ params, query, identity }, { runAsCaller }) => {
    const row = await runAsCaller(identity, (tx) => deleteTask(tx, { ...params, ...query }));
    return { status: 200, body: toTaskSummary(row) };
  },
});
