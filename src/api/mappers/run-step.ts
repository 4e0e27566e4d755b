import type { Json } from '@durabase/contracts';
import type { LoopProgress, RunStep } from '@durabase/contracts/api/run';
import { toMoment, toMomentOrNull, toResult } from './values.ts';

/** A row of durabase.run_steps as `to_jsonb` gives it, and of a loop how far it has come. */
export interface RunStepRow {
  readonly run_id: string;
  readonly step_id: string;
  readonly iteration: number;
  readonly name: string;
  readonly action: string;
  readonly state: RunStep['state'];
  readonly epoch: number;
  readonly attempt: number;
  readonly failure_count: number;
  readonly input: Json;
  readonly output: Json;
  readonly output_ref: Json;
  readonly error: Json;
  readonly next_attempt_at: string | null;
  readonly wakes_at: string | null;
  readonly skip_reason: string | null;
  readonly progress: LoopProgress | null;
  readonly started_at: string;
  readonly finished_at: string | null;
  readonly version: number;
  readonly updated_at: string;
}

export const toRunStep = (row: RunStepRow): RunStep => ({
  runId: row.run_id,
  stepId: row.step_id,
  iteration: row.iteration,
  name: row.name,
  action: row.action,
  state: row.state,
  epoch: row.epoch,
  attempt: row.attempt,
  failureCount: row.failure_count,
  input: toResult(row.input), // resolved, so it may hold results of steps before
  output: toResult(row.output),
  outputRef: toResult(row.output_ref),
  error: toResult(row.error),
  nextAttemptAt: toMomentOrNull(row.next_attempt_at),
  wakesAt: toMomentOrNull(row.wakes_at),
  skipReason: row.skip_reason,
  progress: row.progress,
  startedAt: toMoment(row.started_at),
  finishedAt: toMomentOrNull(row.finished_at),
  version: row.version,
  updatedAt: toMoment(row.updated_at),
});
