import { invitation, invitationParams } from '@durabase/contracts/api/people';
import { toInvitation } from '../../mappers/people.ts';
import { revokeInvitation } from '../../queries/people.ts';
import { defineRoute } from '../../route.ts';

export const revokeInvitationRoute = defineRoute({
  method: 'DELETE',
  path: '/api/v1/workspaces/:workspace/invitations/:invitation',
  access: 'caller',
  summary: 'Takes an invitation back. For admins.',
  params: invitationParams,
  answers: { 200: invitation },
  handler: async ({ params, identity }, { runAsCaller }) => {
    const row = await runAsCaller(identity, (tx) => revokeInvitation(tx, params.workspace, params.invitation));
    return { status: 200, body: toInvitation(row) };
  },
});
