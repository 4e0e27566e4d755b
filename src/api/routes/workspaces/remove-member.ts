import { memberParams, membership } from '@durabase/contracts/api/people';
import { toMembership } from '../../mappers/people.ts';
import { removeMember } from '../../queries/people.ts';
import { defineRoute } from '../../route.ts';

export const removeMemberRoute = defineRoute({
  method: 'DELETE',
  path: '/api/v1/workspaces/:workspace/members/:user',
  access: 'caller',
  summary: 'Takes a member out of a workspace. For admins; owners are removed by owners.',
  params: memberParams,
  answers: { 200: membership },
  handler: async ({ params, identity }, { runAsCaller }) => {
    const row = await runAsCaller(identity, (tx) => removeMember(tx, params.workspace, params.user));
    return { status: 200, body: toMembership(row) };
  },
});
