import { listPermissionsQuery, taskPermissionPage } from '@durabase/contracts/api/people';
import { taskParams } from '@durabase/contracts/api/task';
import { creationCursor, fromMicros, readCursor, toMicros } from '../../cursor.ts';
import { toTaskPermission } from '../../mappers/people.ts';
import { listShares } from '../../queries/people.ts';
import { defineRoute } from '../../route.ts';
import { toPage } from '../../to-page.ts';

export const listPermissionsRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/tasks/:task/permissions',
  access: 'caller',
  summary: 'With whom a task is shared, for admins of its workspace: the oldest share first.',
  params: taskParams,
  query: listPermissionsQuery,
  answers: { 200: taskPermissionPage },
  handler: async ({ params: { task }, query: { workspace, cursor, limit }, identity }, { runAsCaller }) => {
    const position = readCursor(creationCursor, cursor);
    const at = position && { createdAt: fromMicros(position[0]), id: position[1] };
    const rows = await runAsCaller(identity, (tx) => listShares(tx, { task, workspace }, at, limit + 1));
    const body = toPage({ rows, limit, toItem: toTaskPermission, positionOf: (row) => [toMicros(row.created_at), row.user_id] });
    return { status: 200, body };
  },
});
