import type { Json } from '@durabase/contracts';
import type { BulkFilter, BulkOperation, BulkResult } from '@durabase/contracts/api/run-operations';
import type { Queryable, Statement } from '../../ports/db.ts';
import type { RunRow } from '../mappers/run.ts';
import type { Submitted } from '../submit-runs.ts';
import { callOne } from './call-one.ts';

const PAUSE_RUN: Statement = { name: 'api_pause_run', text: 'select to_jsonb(r) as run from durabase.pause_run($1, $2) r' };
const RESUME_RUN: Statement = { name: 'api_resume_run', text: 'select to_jsonb(r) as run from durabase.resume_run($1) r' };
/** A run that this statement made is not older than its transaction. */
const MADE = 'to_jsonb(r) as run, r.created_at < now() as "isReplayed"';
const RETRY_RUN: Statement = { name: 'api_retry_run', text: `select ${MADE} from durabase.retry_run($1, $2) r` };
const RERUN: Statement = { name: 'api_rerun', text: `select ${MADE} from durabase.rerun($1, $2::jsonb, $3, $4) r` };
const FORK_RUN: Statement = { name: 'api_fork_run', text: `select ${MADE} from durabase.fork_run($1, $2, $3, $4) r` };
const FOR_RUNS: Statement = {
  name: 'api_for_runs',
  text: 'select durabase.for_runs($1, $2::jsonb, $3::jsonb, $4) as result',
};

const VISIBLE: Statement = {
  name: 'api_visible_runs',
  text: 'select r.id from durabase.task_runs r where r.id = any ($1::uuid[])',
};

/** Throws RUN_NOT_FOUND, RUN_FINISHED, FORBIDDEN. */
export const pauseRun = async (
  tx: Queryable,
  { runId, reason }: { readonly runId: string; readonly reason: string | undefined },
): Promise<RunRow> => (await callOne<{ run: RunRow }>(tx, PAUSE_RUN, [runId, reason ?? null])).run;

/** Throws RUN_NOT_FOUND, RUN_FINISHED, FORBIDDEN. */
export const resumeRun = async (tx: Queryable, runId: string): Promise<RunRow> =>
  (await callOne<{ run: RunRow }>(tx, RESUME_RUN, [runId])).run;

interface MakeRun {
  readonly runId: string;
  readonly idempotencyKey: string | undefined;
}

/** Throws RUN_NOT_FOUND, RUN_NOT_FINISHED, RUN_FINISHED, STEP_NOT_KEPT, FORBIDDEN, IDEMPOTENCY_CONFLICT. */
export const retryRun = (tx: Queryable, { runId, idempotencyKey }: MakeRun): Promise<Submitted> =>
  callOne<Submitted>(tx, RETRY_RUN, [runId, idempotencyKey ?? null]);

export interface Rerun extends MakeRun {
  readonly input: Json | undefined;
  readonly version: string | undefined;
}

/** Throws RUN_NOT_FOUND, RUN_NOT_FINISHED, TASK_NOT_READY, FORBIDDEN, IDEMPOTENCY_CONFLICT. */
export const rerun = (tx: Queryable, { runId, input, version, idempotencyKey }: Rerun): Promise<Submitted> =>
  callOne<Submitted>(tx, RERUN, [
    runId,
    input === undefined ? null : JSON.stringify(input),
    version ?? null,
    idempotencyKey ?? null,
  ]);

export interface ForkRun extends MakeRun {
  readonly fromStep: string;
  readonly version: string | undefined;
}

/** Throws RUN_NOT_FOUND, RUN_NOT_FINISHED, STEP_NOT_FOUND, STEP_NOT_KEPT, FORBIDDEN, IDEMPOTENCY_CONFLICT. */
export const forkRun = (tx: Queryable, { runId, fromStep, version, idempotencyKey }: ForkRun): Promise<Submitted> =>
  callOne<Submitted>(tx, FORK_RUN, [runId, fromStep, version ?? null, idempotencyKey ?? null]);

export interface ForRuns {
  readonly operation: BulkOperation;
  readonly filter: BulkFilter;
  readonly options: Readonly<Record<string, unknown>>;
  readonly maxRuns: number;
}

/** Each run is refused by itself. Throws INVALID_REQUEST. */
export const forRuns = async (tx: Queryable, { operation, filter, options, maxRuns }: ForRuns): Promise<BulkResult> => {
  const values = [operation, JSON.stringify(filter), JSON.stringify(options), maxRuns];
  return (await callOne<{ result: BulkResult }>(tx, FOR_RUNS, values)).result;
};

/** What was done before, as far as the caller sees the runs now. */
export async function keepVisible(tx: Queryable, result: BulkResult): Promise<BulkResult> {
  const { done, refused } = result;
  const runs = [...done, ...refused].map(({ runId }) => runId);
  const rows = await tx.query<{ id: string }>(VISIBLE, [[...runs, ...done.flatMap(({ newRunId }) => newRunId ?? [])]]);
  const visible = new Set(rows.map(({ id }) => id));
  return {
    ...result,
    done: done.filter(({ runId, newRunId = runId }) => visible.has(runId) && visible.has(newRunId)),
    refused: refused.filter(({ runId }) => visible.has(runId)),
  };
}
