import type { Change } from '@durabase/contracts/api/feed';
import { toMoment } from './values.ts';

/** A row of durabase.changes_since as `to_jsonb` gives it. */
export interface ChangeRow {
  readonly seq: number;
  readonly kind: string;
  readonly id: string;
  readonly version: number;
  readonly state: string | null;
  readonly run_id: string | null;
  readonly task_id: string | null;
  readonly at: string;
}

export const toChange = (row: ChangeRow): Change => ({
  seq: row.seq,
  kind: row.kind,
  id: row.id,
  version: row.version,
  state: row.state,
  runId: row.run_id,
  taskId: row.task_id,
  at: toMoment(row.at),
});
