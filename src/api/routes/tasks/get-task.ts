import { taskParams, taskWithVersion, workspaceQuery } from '@durabase/contracts/api/task';
import { tagOfTask } from '../../entity-tags.ts';
import { toTaskWithVersion } from '../../mappers/task-with-version.ts';
import { findTask } from '../../queries/tasks.ts';
import { defineRoute } from '../../route.ts';

export const getTaskRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/tasks/:task',
  access: 'caller',
  summary: 'A task with its newest version.',
  params: taskParams,
  query: workspaceQuery,
  tag: 'read',
  answers: { 200: taskWithVersion },
  handler: async ({ params, query, identity }, { runAsCaller }) => {
    const found = await runAsCaller(identity, (tx) => findTask(tx, { ...params, ...query }));
    const body = toTaskWithVersion(found);
    return { status: 200, headers: { ETag: tagOfTask(body) }, body };
  },
});
