import { createWorkspaceBody, workspace } from '@durabase/contracts/api/people';
import { toWorkspace } from '../../mappers/people.ts';
import { createWorkspace } from '../../queries/people.ts';
import { defineRoute } from '../../route.ts';

export const createWorkspaceRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/workspaces',
  access: 'caller',
  summary: 'Makes a workspace, with the caller as its owner.',
  body: createWorkspaceBody,
  answers: { 201: workspace },
  handler: async ({ body, identity }, { runAsCaller }) => {
    const row = await runAsCaller(identity, (tx) => createWorkspace(tx, body));
    return { status: 201, headers: { Location: `/api/v1/workspaces/${row.id}` }, body: toWorkspace(row) };
  },
});
