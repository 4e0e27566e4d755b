import { listWorkspacesQuery, workspacePage } from '@durabase/contracts/api/people';
import { creationCursor, fromMicros, readCursor, toMicros } from '../../cursor.ts';
import { toWorkspace } from '../../mappers/people.ts';
import { listWorkspaces } from '../../queries/people.ts';
import { defineRoute } from '../../route.ts';
import { toPage } from '../../to-page.ts';

export const listWorkspacesRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/workspaces',
  access: 'caller',
  summary: 'Workspaces that the caller sees, newest first.',
  query: listWorkspacesQuery,
  answers: { 200: workspacePage },
  handler: async ({ query: { cursor, limit }, identity }, { runAsCaller }) => {
    const position = readCursor(creationCursor, cursor);
    const at = position && { createdAt: fromMicros(position[0]), id: position[1] };
    const rows = await runAsCaller(identity, (tx) => listWorkspaces(tx, at, limit + 1));
    const body = toPage({ rows, limit, toItem: toWorkspace, positionOf: (row) => [toMicros(row.created_at), row.id] });
    return { status: 200, body };
  },
});
