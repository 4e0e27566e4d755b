import type { DriftLine } from '@durabase/contracts/api/operations';
import { toMoment } from './values.ts';

/** A row of durabase.drift as `to_jsonb` gives it. */
export interface DriftRow {
  readonly id: number;
  readonly found_at: string;
  readonly kind: string;
  readonly run_id: string | null;
  readonly workspace_id: string | null;
  readonly workflow_id: string;
  readonly temporal_run_id: string | null;
  readonly mirror_said: string | null;
  readonly temporal_said: string | null;
  readonly is_mended: boolean;
  readonly note: string;
}

export const toDriftLine = (row: DriftRow): DriftLine => ({
  id: row.id,
  foundAt: toMoment(row.found_at),
  kind: row.kind,
  runId: row.run_id,
  workspaceId: row.workspace_id,
  workflowId: row.workflow_id,
  temporalRunId: row.temporal_run_id,
  mirrorSaid: row.mirror_said,
  temporalSaid: row.temporal_said,
  isMended: row.is_mended,
  note: row.note,
});
