import { listMembersQuery, memberPage, workspaceParams } from '@durabase/contracts/api/people';
import { creationCursor, fromMicros, readCursor, toMicros } from '../../cursor.ts';
import { toMember } from '../../mappers/people.ts';
import { listMembers } from '../../queries/people.ts';
import { defineRoute } from '../../route.ts';
import { toPage } from '../../to-page.ts';

export const listMembersRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/workspaces/:workspace/members',
  access: 'caller',
  summary: 'Members of a workspace, those who came first before others. Runners see themselves.',
  params: workspaceParams,
  query: listMembersQuery,
  answers: { 200: memberPage },
  handler: async ({ params: { workspace }, query: { cursor, limit }, identity }, { runAsCaller }) => {
    const position = readCursor(creationCursor, cursor);
    const at = position && { createdAt: fromMicros(position[0]), id: position[1] };
    const rows = await runAsCaller(identity, (tx) => listMembers(tx, workspace, at, limit + 1));
    const body = toPage({ rows, limit, toItem: toMember, positionOf: (row) => [toMicros(row.created_at), row.user_id] });
    return { status: 200, body };
  },
});
