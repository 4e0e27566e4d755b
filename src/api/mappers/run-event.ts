import type { Json } from '@durabase/contracts';
import type { RunEvent } from '@durabase/contracts/api/run';
import { toMoment, toResult } from './values.ts';

/** A row of durabase.run_events as `to_jsonb` gives it. */
export interface RunEventRow {
  readonly seq: number;
  readonly at: string;
  readonly kind: string;
  readonly state: RunEvent['state'];
  readonly step_id: string | null;
  readonly iteration: number | null;
  readonly attempt: number | null;
  readonly data: Json;
}

export const toRunEvent = (row: RunEventRow): RunEvent => ({
  seq: row.seq,
  at: toMoment(row.at),
  kind: row.kind,
  state: row.state,
  stepId: row.step_id,
  iteration: row.iteration,
  attempt: row.attempt,
  data: toResult(row.data),
});
