import type { AuditVerification } from '@durabase/contracts/api/audit';
import type { Queryable, Statement } from '../../ports/db.ts';
import type { AuditRow } from '../mappers/audit-line.ts';
import { toMoment } from '../mappers/values.ts';
import { callOne } from './call-one.ts';

/** Row-level security shows admins the lines of their workspaces. */
const LIST_AUDIT: Statement = {
  name: 'api_list_audit',
  text: `select to_jsonb(a) as line from durabase.audit_log a
    where ($1::uuid is null or a.workspace_id = $1) and ($2::uuid is null or a.actor_user_id = $2)
      and ($3::text is null or a.action = $3) and ($4::text is null or a.entity_id = $4) and ($5::bigint is null or a.n < $5)
    order by a.n desc limit $6`,
};
const VERIFY: Statement = { name: 'api_verify_audit', text: 'select durabase.verify_audit($1, $2, $3) as verdict' };

export interface ListAudit {
  readonly workspace?: string | undefined;
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly entity?: string | undefined;
  readonly beforeN: number | undefined;
  readonly limit: number;
}

/** Newest first. */
export async function listAudit(
  tx: Queryable,
  { workspace, actor, action, entity, beforeN, limit }: ListAudit,
): Promise<readonly AuditRow[]> {
  const values = [workspace ?? null, actor ?? null, action ?? null, entity ?? null, beforeN ?? null, limit];
  const rows = await tx.query<{ line: AuditRow }>(LIST_AUDIT, values);
  return rows.map(({ line }) => line);
}

export interface VerifyAudit {
  readonly workspace?: string | undefined;
  readonly seal?: number | undefined;
  readonly hash?: string | undefined;
}

/** Throws FORBIDDEN, WORKSPACE_NOT_FOUND. */
export async function verifyAudit(tx: Queryable, { workspace, seal, hash }: VerifyAudit): Promise<AuditVerification> {
  const values = [workspace ?? null, seal ?? null, hash ?? null];
  const { verdict } = await callOne<{ verdict: AuditVerification }>(tx, VERIFY, values);
  return verdict.head === null ? verdict : { ...verdict, head: { ...verdict.head, sealedAt: toMoment(verdict.head.sealedAt) } };
}
