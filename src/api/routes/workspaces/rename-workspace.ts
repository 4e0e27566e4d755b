import { renameWorkspaceBody, workspace, workspaceParams } from '@durabase/contracts/api/people';
import { toWorkspace } from '../../mappers/people.ts';
import { renameWorkspace } from '../../queries/people.ts';
import { defineRoute } from '../../route.ts';

export const renameWorkspaceRoute = defineRoute({
  method: 'PATCH',
  path: '/api/v1/workspaces/:workspace',
  access: 'caller',
  summary: 'Gives a workspace another name. For its admins.',
  params: workspaceParams,
  body: renameWorkspaceBody,
  answers: { 200: workspace },
  handler: async ({ params, body, identity }, { runAsCaller }) => {
    const row = await runAsCaller(identity, (tx) => renameWorkspace(tx, params.workspace, body.name));
    return { status: 200, body: toWorkspace(row) };
  },
});
