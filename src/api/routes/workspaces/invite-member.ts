import { inviteBody, newInvitation, workspaceParams } from '@durabase/contracts/api/people';
import { toNewInvitation } from '../../mappers/people.ts';
import { inviteMember } from '../../queries/people.ts';
import { defineRoute } from '../../route.ts';

export const inviteMemberRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/workspaces/:workspace/invitations',
  access: 'caller',
  summary: 'Invites somebody by his e-mail address. The token is told this once.',
  params: workspaceParams,
  body: inviteBody,
  answers: { 201: newInvitation },
  handler: async ({ params, body, identity }, { runAsCaller }) => {
    const row = await runAsCaller(identity, (tx) => inviteMember(tx, params.workspace, body.email, body.role));
    return { status: 201, body: toNewInvitation(row) };
  },
});
