import { runParams } from '@durabase/contracts/api/run';
import { listLinksQuery, runLinkPage } from '@durabase/contracts/api/run-operations';
import { creationCursor, fromMicros, readCursor, toMicros } from '../../cursor.ts';
import { toRunLink } from '../../mappers/run-link.ts';
import { listLinks } from '../../queries/lineage.ts';
import { defineRoute } from '../../route.ts';
import { toPage } from '../../to-page.ts';

export const listLinksRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/runs/:run/links',
  access: 'caller',
  summary: 'Where a run comes from and what came from it: parent, children, forks, retries, re-runs.',
  params: runParams,
  query: listLinksQuery,
  answers: { 200: runLinkPage },
  handler: async ({ params, query: { cursor, limit }, identity }, { runAsCaller }) => {
    const position = readCursor(creationCursor, cursor);
    const after = position && { createdAt: fromMicros(position[0]), id: position[1] };
    const rows = await runAsCaller(identity, (tx) => listLinks(tx, { runId: params.run, after, limit: limit + 1 }));
    const body = toPage({ rows, limit, toItem: toRunLink, positionOf: (row) => [toMicros(row.created_at), row.run_id] });
    return { status: 200, body };
  },
});
