import { workspace, workspaceParams } from '@durabase/contracts/api/people';
import { toWorkspace } from '../../mappers/people.ts';
import { findWorkspace } from '../../queries/people.ts';
import { defineRoute } from '../../route.ts';

export const getWorkspaceRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/workspaces/:workspace',
  access: 'caller',
  summary: 'One workspace.',
  params: workspaceParams,
  answers: { 200: workspace },
  handler: async ({ params, identity }, { runAsCaller }) => {
    const row = await runAsCaller(identity, (tx) => findWorkspace(tx, params.workspace));
    return { status: 200, body: toWorkspace(row) };
  },
});
