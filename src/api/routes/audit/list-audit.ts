import { auditPage, listAuditQuery } from '@durabase/contracts/api/audit';
import { numberCursor, readCursor } from '../../cursor.ts';
import { toAuditLine } from '../../mappers/audit-line.ts';
import { listAudit } from '../../queries/audit.ts';
import { defineRoute } from '../../route.ts';
import { toPage } from '../../to-page.ts';

export const listAuditRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/audit',
  access: 'caller',
  summary: 'Who changed what in the workspaces that the caller administers, newest first.',
  query: listAuditQuery,
  answers: { 200: auditPage },
  handler: async ({ query: { cursor, limit, ...filter }, identity }, { runAsCaller }) => {
    const beforeN = readCursor(numberCursor, cursor)?.[0];
    const rows = await runAsCaller(identity, (tx) => listAudit(tx, { ...filter, beforeN, limit: limit + 1 }));
    return { status: 200, body: toPage({ rows, limit, toItem: toAuditLine, positionOf: (row) => [row.n] }) };
  },
});
