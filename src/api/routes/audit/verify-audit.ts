import { auditVerification, verifyAuditQuery } from '@durabase/contracts/api/audit';
import { verifyAudit } from '../../queries/audit.ts';
import { defineRoute } from '../../route.ts';

export const verifyAuditRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/audit/verification',
  access: 'caller',
  summary: 'Whether the audit log is as it was sealed; what was altered, removed or forged.',
  query: verifyAuditQuery,
  answers: { 200: auditVerification },
  handler: async ({ query, identity }, { runAsCaller }) => ({
    status: 200,
    body: await runAsCaller(identity, (tx) => verifyAudit(tx, query)),
  }),
});
