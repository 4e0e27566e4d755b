import { acceptInvitationBody, membership } from '@durabase/contracts/api/people';
import { toMembership } from '../../mappers/people.ts';
import { acceptInvitation } from '../../queries/people.ts';
import { defineRoute } from '../../route.ts';

export const acceptInvitationRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/invitations/accept',
  access: 'caller',
  summary: 'Makes the caller a member, if the invitation is for his address.',
  body: acceptInvitationBody,
  answers: { 200: membership },
  handler: async ({ body, identity }, { runAsCaller }) => {
    const row = await runAsCaller(identity, (tx) => acceptInvitation(tx, body.token));
    return { status: 200, body: toMembership(row) };
  },
});
