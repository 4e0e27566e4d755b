import type { Json } from '@durabase/contracts';
import type { AuditLine } from '@durabase/contracts/api/audit';
import { toMoment } from './values.ts';

/** A row of durabase.audit_log as `to_jsonb` gives it. */
export interface AuditRow {
  readonly n: number;
  readonly at: string;
  readonly workspace_id: string | null;
  readonly actor_kind: string;
  readonly actor_user_id: string | null;
  readonly actor_name: string;
  readonly action: string;
  readonly entity: string;
  readonly entity_id: string;
  readonly details: Json;
}

export const toAuditLine = (row: AuditRow): AuditLine => ({
  n: row.n,
  at: toMoment(row.at),
  workspaceId: row.workspace_id,
  actor: { kind: row.actor_kind, userId: row.actor_user_id, name: row.actor_name },
  action: row.action,
  entity: row.entity,
  entityId: row.entity_id,
  details: row.details,
});
