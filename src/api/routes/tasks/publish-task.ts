import { publication } from '@durabase/contracts/api/people';
import { taskParams, workspaceQuery } from '@durabase/contracts/api/task';
import { toMomentOrNull } from '../../mappers/values.ts';
import { setPublished } from '../../queries/people.ts';
import { defineRoute } from '../../route.ts';

export const publishTaskRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/tasks/:task/publish',
  access: 'caller',
  summary: 'Lets everybody who is signed in start the task. For admins of the workspace.',
  params: taskParams,
  query: workspaceQuery,
  answers: { 200: publication },
  handler: async ({ params, query, identity }, { runAsCaller }) => {
    const row = await runAsCaller(identity, (tx) => setPublished(tx, { ...params, ...query }, true));
    return { status: 200, body: { taskId: row.id, slug: row.slug, publishedAt: toMomentOrNull(row.published_at) } };
  },
});
