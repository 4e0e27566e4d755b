import { listVersionsQuery, taskParams, taskVersionPage } from '@durabase/contracts/api/task';
import { numberCursor, readCursor } from '../../cursor.ts';
import { toTaskVersion } from '../../mappers/task-version.ts';
import { findTask, listVersions } from '../../queries/tasks.ts';
import { defineRoute } from '../../route.ts';
import { toPage } from '../../to-page.ts';

export const listVersionsRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/tasks/:task/versions',
  access: 'caller',
  summary: 'Versions of a task, newest first.',
  params: taskParams,
  query: listVersionsQuery,
  answers: { 200: taskVersionPage },
  handler: async ({ params: { task }, query: { workspace, cursor, limit }, identity }, { runAsCaller }) => {
    const beforeNumber = readCursor(numberCursor, cursor)?.[0];
    const rows = await runAsCaller(identity, async (tx) => {
      const found = await findTask(tx, { task, workspace });
      return listVersions(tx, { taskId: found.task.id, beforeNumber, limit: limit + 1 });
    });
    return { status: 200, body: toPage({ rows, limit, toItem: toTaskVersion, positionOf: (row) => [row.number] }) };
  },
});
