import { changeMemberBody, memberParams, membership } from '@durabase/contracts/api/people';
import { toMembership } from '../../mappers/people.ts';
import { setMemberRole } from '../../queries/people.ts';
import { defineRoute } from '../../route.ts';

export const changeMemberRoute = defineRoute({
  method: 'PATCH',
  path: '/api/v1/workspaces/:workspace/members/:user',
  access: 'caller',
  summary: 'Gives a member another role. For admins; the role owner is given and taken by owners.',
  params: memberParams,
  body: changeMemberBody,
  answers: { 200: membership },
  handler: async ({ params, body, identity }, { runAsCaller }) => {
    const row = await runAsCaller(identity, (tx) => setMemberRole(tx, params.workspace, params.user, body.role));
    return { status: 200, body: toMembership(row) };
  },
});
