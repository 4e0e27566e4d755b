import { invitationPage, listInvitationsQuery, workspaceParams } from '@durabase/contracts/api/people';
import { creationCursor, fromMicros, readCursor, toMicros } from '../../cursor.ts';
import { toInvitation } from '../../mappers/people.ts';
import { listInvitations } from '../../queries/people.ts';
import { defineRoute } from '../../route.ts';
import { toPage } from '../../to-page.ts';

export const listInvitationsRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/workspaces/:workspace/invitations',
  access: 'caller',
  summary: 'Invitations into a workspace, for its admins: newest first.',
  params: workspaceParams,
  query: listInvitationsQuery,
  answers: { 200: invitationPage },
  handler: async ({ params: { workspace }, query: { cursor, limit }, identity }, { runAsCaller }) => {
    const position = readCursor(creationCursor, cursor);
    const at = position && { createdAt: fromMicros(position[0]), id: position[1] };
    const rows = await runAsCaller(identity, (tx) => listInvitations(tx, workspace, at, limit + 1));
    const body = toPage({ rows, limit, toItem: toInvitation, positionOf: (row) => [toMicros(row.created_at), row.id] });
    return { status: 200, body };
  },
});
