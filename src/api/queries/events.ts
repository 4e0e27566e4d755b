import type { JsonObject } from '@durabase/contracts';
import type { Queryable, Statement } from '../../ports/db.ts';
import type { AppEventRow } from '../mappers/app-event.ts';
import { callOne } from './call-one.ts';

/** An event that this statement wrote is not older than its transaction. */
const EMIT_EVENT: Statement = {
  name: 'api_emit_event',
  text: `select to_jsonb(e) as event, e.created_at < now() as "isReplayed" from durabase.emit_event($1, $2::jsonb, $3, $4) e`,
};
const LIST_EVENTS: Statement = {
  name: 'api_list_app_events',
  text: `select to_jsonb(e) as event from durabase.events e
    where ($1::uuid is null or e.workspace_id = $1) and ($2::text is null or e.name = $2)
      and ($3::uuid is null or e.id < $3)
    order by e.id desc limit $4`,
};

export interface EmitEvent {
  readonly name: string;
  readonly data: JsonObject | undefined;
  readonly workspace: string | undefined;
  readonly idempotencyKey: string | undefined;
}

export interface EmittedEvent {
  readonly event: AppEventRow;
  readonly isReplayed: boolean;
}

/** Throws WORKSPACE_NOT_FOUND, WORKSPACE_AMBIGUOUS, FORBIDDEN, BODY_TOO_LARGE, IDEMPOTENCY_CONFLICT. */
export const emitEvent = (tx: Queryable, { name, data, workspace, idempotencyKey }: EmitEvent): Promise<EmittedEvent> =>
  callOne<EmittedEvent>(tx, EMIT_EVENT, [
    name,
    data === undefined ? null : JSON.stringify(data),
    workspace ?? null,
    idempotencyKey ?? null,
  ]);

export interface ListAppEvents {
  readonly workspace: string | undefined;
  readonly name: string | undefined;
  readonly beforeId: string | undefined;
  readonly limit: number;
}

/** Newest first (ids sort by time), as far as the caller sees them. */
export async function listAppEvents(
  tx: Queryable,
  { workspace, name, beforeId, limit }: ListAppEvents,
): Promise<readonly AppEventRow[]> {
  const values = [workspace ?? null, name ?? null, beforeId ?? null, limit];
  const rows = await tx.query<{ event: AppEventRow }>(LIST_EVENTS, values);
  return rows.map((row) => row.event);
}
