import { listTasksQuery, taskPage } from '@durabase/contracts/api/task';
import { creationCursor, fromMicros, readCursor, toMicros } from '../../cursor.ts';
import { toTaskSummary } from '../../mappers/task.ts';
import { listTasks } from '../../queries/tasks.ts';
import { defineRoute } from '../../route.ts';
import { toPage } from '../../to-page.ts';

export const listTasksRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/tasks',
  access: 'caller',
  summary: 'Tasks that the caller sees, newest first.',
  query: listTasksQuery,
  answers: { 200: taskPage },
  handler: async ({ query: { workspace, tag, type, q, deleted, cursor, limit }, identity }, { runAsCaller }) => {
    const position = readCursor(creationCursor, cursor);
    const before = position && { createdAt: fromMicros(position[0]), id: position[1] };
    const rows = await runAsCaller(identity, (tx) =>
      listTasks(tx, { workspace, tag, type, search: q, isDeleted: deleted === 'true', before, limit: limit + 1 }),
    );
    const body = toPage({ rows, limit, toItem: toTaskSummary, positionOf: ({ task }) => [toMicros(task.created_at), task.id] });
    return { status: 200, body };
  },
});
