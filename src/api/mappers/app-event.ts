import type { Json } from '@durabase/contracts';
import type { AppEvent } from '@durabase/contracts/api/event';
import { toMoment } from './values.ts';

/** A row of durabase.events as `to_jsonb` gives it. */
export interface AppEventRow {
  readonly id: string;
  readonly workspace_id: string;
  readonly name: string;
  readonly data: Json;
  readonly idempotency_key: string | null;
  readonly actor_kind: AppEvent['actor']['kind'];
  readonly actor_user_id: string | null;
  readonly actor_name: string;
  readonly created_at: string;
}

export const toAppEvent = (row: AppEventRow): AppEvent => ({
  id: row.id,
  workspaceId: row.workspace_id,
  name: row.name,
  data: row.data,
  idempotencyKey: row.idempotency_key,
  actor: { kind: row.actor_kind, userId: row.actor_user_id, name: row.actor_name },
  createdAt: toMoment(row.created_at),
});
