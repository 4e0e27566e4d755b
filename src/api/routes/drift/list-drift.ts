import { driftPage, listDriftQuery } from '@durabase/contracts/api/operations';
import { numberCursor, readCursor } from '../../cursor.ts';
import { toDriftLine } from '../../mappers/drift-line.ts';
import { listDrift } from '../../queries/drift.ts';
import { defineRoute } from '../../route.ts';
import { toPage } from '../../to-page.ts';

export const listDriftRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/drift',
  access: 'caller',
  summary: 'Differences that were found between Temporal and the mirror, for admins: newest first, mended or not.',
  query: listDriftQuery,
  answers: { 200: driftPage },
  handler: async ({ query: { cursor, limit }, identity }, { runAsCaller }) => {
    const beforeId = readCursor(numberCursor, cursor)?.[0];
    const rows = await runAsCaller(identity, (tx) => listDrift(tx, { beforeId, limit: limit + 1 }));
    return { status: 200, body: toPage({ rows, limit, toItem: toDriftLine, positionOf: (row) => [row.id] }) };
  },
});
