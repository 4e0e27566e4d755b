import { taskBody, taskDiff, taskParams, workspaceQuery } from '@durabase/contracts/api/task';
import { compareDefinitions } from '../../../domain/task/compare-definitions.ts';
import { findTask } from '../../queries/tasks.ts';
import { defineRoute } from '../../route.ts';

export const diffTaskRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/tasks/:task/diff',
  access: 'caller',
  summary: 'In what a definition differs from the newest version of a task. Saves nothing.',
  params: taskParams,
  query: workspaceQuery,
  body: taskBody,
  answers: { 200: taskDiff },
  handler: async ({ params, query, body, identity }, { runAsCaller }) => {
    const { version } = await runAsCaller(identity, (tx) => findTask(tx, { ...params, ...query }));
    const changes = compareDefinitions(version?.definition ?? {}, body);
    return { status: 200, body: { from: version?.number ?? null, to: null, changes } };
  },
});
