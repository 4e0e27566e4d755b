import { taskVersion, taskVersionParams, workspaceQuery } from '@durabase/contracts/api/task';
import { toTaskVersion } from '../../mappers/task-version.ts';
import { findVersion } from '../../queries/task-versions.ts';
import { findTask } from '../../queries/tasks.ts';
import { defineRoute } from '../../route.ts';

export const getVersionRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/tasks/:task/versions/:version',
  access: 'caller',
  summary: 'One version of a task.',
  params: taskVersionParams,
  query: workspaceQuery,
  answers: { 200: taskVersion },
  handler: async ({ params: { task, version }, query, identity }, { runAsCaller }) => {
    const row = await runAsCaller(identity, async (tx) => {
      const { task: found } = await findTask(tx, { task, ...query });
      return findVersion(tx, { taskId: found.id, slug: found.slug, number: version });
    });
    return { status: 200, body: toTaskVersion(row) };
  },
});
