import { listPublishedTasksQuery, publishedTaskPage } from '@durabase/contracts/api/people';
import { readCursor, slugCursor } from '../../cursor.ts';
import { toPublishedTask } from '../../mappers/people.ts';
import { listPublishedTasks } from '../../queries/people.ts';
import { defineRoute } from '../../route.ts';
import { toPage } from '../../to-page.ts';

export const listPublishedTasksRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/published-tasks',
  access: 'caller',
  summary: 'Tasks that everybody who is signed in may start, by their slugs.',
  query: listPublishedTasksQuery,
  answers: { 200: publishedTaskPage },
  handler: async ({ query: { workspace, cursor, limit }, identity }, { runAsCaller }) => {
    const after = readCursor(slugCursor, cursor);
    const rows = await runAsCaller(identity, (tx) => listPublishedTasks(tx, workspace, after, limit + 1));
    return { status: 200, body: toPage({ rows, limit, toItem: toPublishedTask, positionOf: (row) => [row.slug, row.id] }) };
  },
});
