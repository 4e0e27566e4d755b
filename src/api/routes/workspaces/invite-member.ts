import { inviteBody, newInvitation, repeatedInvitation, workspaceParams } from '@durabase/contracts/api/people';
import { answerMade } from '../../answer-made.ts';
import { toNewInvitation } from '../../mappers/people.ts';
import { once } from '../../once.ts';
import { findInvitation, inviteMember } from '../../queries/people.ts';
import { defineRoute } from '../../route.ts';

export const inviteMemberRoute = defineRoute({
  method: 'POST',
  path: '/api/v1/workspaces/:workspace/invitations',
  access: 'caller',
  summary: 'Invites somebody by his e-mail address. The token is told this once.',
  params: workspaceParams,
  body: inviteBody,
  takesIdempotencyKey: true,
  answers: { 200: repeatedInvitation, 201: newInvitation },
  refuses: ['INVITATION_NOT_FOUND'],
  handler: async ({ params, body, identity, idempotencyKey: key }, { runAsCaller }) => {
    const { made, isReplayed } = await runAsCaller(identity, (tx) =>
      once(
        tx,
        { operation: 'inviteMember', key, asked: { ...params, ...body } },
        {
          make: () => inviteMember(tx, params.workspace, body.email, body.role),
          remember: ({ id }) => id,
          recall: (id) => findInvitation(tx, id),
        },
      ),
    );
    return answerMade(toNewInvitation(made), { isReplayed });
  },
});
