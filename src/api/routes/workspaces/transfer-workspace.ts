import { transferBody, workspace, workspaceParams } from '@durabase/contracts/api/people';
import { toWorkspace } from '../../mappers/people.ts';
import { transferOwnership } from '../../queries/people.ts';
import { defineRoute } from '../../route.ts';

export const transferWorkspaceRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/workspaces/:workspace/transfer',
  access: 'caller',
  summary: 'Makes a member the owner, and the owner who calls an admin.',
  params: workspaceParams,
  body: transferBody,
  answers: { 200: workspace },
  handler: async ({ params, body, identity }, { runAsCaller }) => {
    const row = await runAsCaller(identity, (tx) => transferOwnership(tx, params.workspace, body.userId));
    return { status: 200, body: toWorkspace(row) };
  },
});
