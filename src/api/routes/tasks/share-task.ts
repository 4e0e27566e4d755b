import { permissionParams, shareTaskBody, sharedWith } from '@durabase/contracts/api/people';
import { workspaceQuery } from '@durabase/contracts/api/task';
import { shareTask } from '../../queries/people.ts';
import { defineRoute } from '../../route.ts';

export const shareTaskRoute = defineRoute({
  method: 'PUT',
  path: '/api/v1/tasks/:task/permissions/:user',
  access: 'caller',
  summary: 'Shares a task with a user, in place of what was shared with him before. For admins of the workspace.',
  params: permissionParams,
  query: workspaceQuery,
  body: shareTaskBody,
  answers: { 200: sharedWith },
  handler: async ({ params, query, body, identity }, { runAsCaller }) => {
    const row = await runAsCaller(identity, (tx) => shareTask(tx, { ...params, ...query, ...body }));
    const shared = { userId: row.user_id, canView: row.can_view, canRun: row.can_run, canEdit: row.can_edit };
    return { status: 200, body: shared };
  },
});
