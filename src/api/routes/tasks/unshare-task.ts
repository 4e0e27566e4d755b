import { permissionParams, sharedWith } from '@durabase/contracts/api/people';
import { workspaceQuery } from '@durabase/contracts/api/task';
import { unshareTask } from '../../queries/people.ts';
import { defineRoute } from '../../route.ts';

export const unshareTaskRoute = defineRoute({
  method: 'DELETE',
  path: '/api/v1/tasks/:task/permissions/:user',
  access: 'caller',
  summary: 'Takes back what was shared with a user. For admins of the workspace.',
  params: permissionParams,
  query: workspaceQuery,
  answers: { 200: sharedWith },
  handler: async ({ params, query, identity }, { runAsCaller }) => {
    await runAsCaller(identity, (tx) => unshareTask(tx, { ...params, ...query }));
    return { status: 200, body: { userId: params.user, canView: false, canRun: false, canEdit: false } };
  },
});
