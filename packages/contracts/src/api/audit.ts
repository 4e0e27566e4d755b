import { z } from 'zod';
import { cursor, id, moment, pageLimit, pageOf, parsedJson } from './parts.ts';

/** One line of the audit log. */
export const auditLine = z.strictObject({
  n: z.int(),
  at: moment(),
  workspaceId: id().nullable(),
  actor: z.strictObject({ kind: z.string(), userId: id().nullable(), name: z.string() }),
  action: z.string().describe('Such as `task.saved`.'),
  entity: z.string(),
  entityId: z.string(),
  details: parsedJson(),
});
/** One line of the audit log. */
export type AuditLine = z.infer<typeof auditLine>;
/** A page of the audit log, newest first. */
export const auditPage = pageOf(auditLine);
/** Query of `GET /audit`. */
export const listAuditQuery = z.strictObject({
  workspace: id().optional(),
  actor: id().optional().describe('Id of a user.'),
  action: z.string().min(1).max(100).optional(),
  entity: z.string().min(1).max(200).optional().describe('Id of what was changed.'),
  cursor: cursor(),
  limit: pageLimit({ max: 200, usual: 50 }),
});

/** Query of `GET /audit/verification`. */
export const verifyAuditQuery = z.strictObject({
  workspace: id().optional().describe('Default: the whole log, for instance admins and services.'),
  seal: z
    .string()
    .regex(/^\d{1,15}$/, { error: 'must be the number of a seal' })
    .transform(Number)
    .optional()
    .meta({ type: 'integer', minimum: 0 }),
  hash: z
    .string()
    .regex(/^[0-9a-f]{64}$/i)
    .optional()
    .describe('Hash of that seal as it was kept elsewhere.'),
});
/** Whether the log is as it was sealed. */
export const auditVerification = z.strictObject({
  isIntact: z.boolean(),
  rows: z.int(),
  unsealed: z.int(),
  head: z.strictObject({ seal: z.int(), hash: z.string(), sealedAt: moment() }).nullable(),
  problemCount: z.int(),
  problems: z.array(z.strictObject({ problem: z.string(), n: z.int().optional(), seal: z.int().optional() })),
});
/** Whether the log is as it was sealed. */
export type AuditVerification = z.infer<typeof auditVerification>;
