import type { RunLink } from '@durabase/contracts/api/run-operations';
import { toMoment } from './values.ts';

/** A row of durabase.list_links as `to_jsonb` gives it. */
export interface RunLinkRow {
  readonly relation: RunLink['relation'];
  readonly run_id: string;
  readonly task_id: string;
  readonly state: RunLink['state'];
  readonly step_id: string | null;
  readonly iteration: number | null;
  readonly is_waited: boolean;
  readonly created_at: string;
}

export const toRunLink = (row: RunLinkRow): RunLink => ({
  relation: row.relation,
  runId: row.run_id,
  taskId: row.task_id,
  state: row.state,
  stepId: row.step_id,
  iteration: row.iteration,
  isWaited: row.is_waited,
  createdAt: toMoment(row.created_at),
});
