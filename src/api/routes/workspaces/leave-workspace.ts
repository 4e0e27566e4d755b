import { membership, workspaceParams } from '@durabase/contracts/api/people';
import { toMembership } from '../../mappers/people.ts';
import { leaveWorkspace } from '../../queries/people.ts';
import { defineRoute } from '../../route.ts';

export const leaveWorkspaceRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/workspaces/:workspace/leave',
  access: 'caller',
  summary: 'Ends the caller’s own membership. The last owner stays.',
  params: workspaceParams,
  answers: { 200: membership },
  handler: async ({ params, identity }, { runAsCaller }) => {
    const row = await runAsCaller(identity, (tx) => leaveWorkspace(tx, params.workspace));
    return { status: 200, body: toMembership(row) };
  },
});
