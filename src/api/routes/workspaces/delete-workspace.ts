import { workspace, workspaceParams } from '@durabase/contracts/api/people';
import { toWorkspace } from '../../mappers/people.ts';
import { deleteWorkspace } from '../../queries/people.ts';
import { defineRoute } from '../../route.ts';

export const deleteWorkspaceRoute = defineRoute({
  method: 'DELETE',
  path: '/api/v1/workspaces/:workspace',
  access: 'caller',
  summary: 'Deletes a workspace, unless runs of it have not ended. For its owners.',
  params: workspaceParams,
  answers: { 200: workspace },
  handler: async ({ params, identity }, { runAsCaller }) => {
    const row = await runAsCaller(identity, (tx) => deleteWorkspace(tx, params.workspace));
    return { status: 200, body: toWorkspace(row) };
  },
});
