import type { Json } from '@durabase/contracts';
import type { Run } from '@durabase/contracts/api/run';
import { toMoment, toMomentOrNull, toResult } from './values.ts';

/** A row of durabase.task_runs as `to_jsonb` gives it. */
export interface RunRow {
  readonly id: string;
  readonly workspace_id: string;
  readonly task_id: string;
  readonly version_id: string;
  readonly state: Run['state'];
  readonly reason: Json;
  readonly mode: Run['mode'];
  readonly priority: number;
  readonly input: Json;
  readonly output: Json;
  readonly output_ref: Json;
  readonly error: Json;
  readonly source: Run['source'];
  readonly actor_kind: Run['actor']['kind'];
  readonly actor_user_id: string | null;
  readonly actor_name: string;
  readonly idempotency_key: string | null;
  readonly workflow_id: string;
  readonly temporal_run_id: string | null;
  readonly run_at: string;
  readonly expires_at: string | null;
  readonly started_at: string | null;
  readonly deadline_at: string | null;
  readonly finished_at: string | null;
  readonly cancel_requested_at: string | null;
  readonly cancel_reason: string | null;
  readonly pause_requested_at: string | null;
  readonly pause_reason: string | null;
  readonly stalled_at: string | null;
  readonly stalled_reason: string | null;
  readonly archived_at: string | null;
  readonly epoch: number;
  readonly event_seq: number;
  readonly version: number;
  readonly created_at: string;
  readonly updated_at: string;
}

export const toRun = (row: RunRow): Run => ({
  id: row.id,
  workspaceId: row.workspace_id,
  taskId: row.task_id,
  versionId: row.version_id,
  state: row.state,
  reason: row.reason,
  mode: row.mode,
  priority: row.priority,
  input: row.input, // never escaped: what cannot be stored is refused at the door
  output: toResult(row.output),
  outputRef: toResult(row.output_ref),
  error: toResult(row.error),
  source: row.source,
  actor: { kind: row.actor_kind, userId: row.actor_user_id, name: row.actor_name },
  idempotencyKey: row.idempotency_key,
  workflowId: row.workflow_id,
  temporalRunId: row.temporal_run_id,
  runAt: toMoment(row.run_at),
  expiresAt: toMomentOrNull(row.expires_at),
  startedAt: toMomentOrNull(row.started_at),
  deadlineAt: toMomentOrNull(row.deadline_at),
  finishedAt: toMomentOrNull(row.finished_at),
  cancelRequestedAt: toMomentOrNull(row.cancel_requested_at),
  cancelReason: row.cancel_reason,
  pauseRequestedAt: toMomentOrNull(row.pause_requested_at),
  pauseReason: row.pause_reason,
  stalledAt: toMomentOrNull(row.stalled_at),
  stalledReason: row.stalled_reason,
  archivedAt: toMomentOrNull(row.archived_at),
  epoch: row.epoch,
  lastEventSeq: row.event_seq,
  version: row.version,
  createdAt: toMoment(row.created_at),
  updatedAt: toMoment(row.updated_at),
});
