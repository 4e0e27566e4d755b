import type { Json } from '@durabase/contracts/json';
import type { Run } from '@durabase/contracts/api/run';
import type { RunExplanation } from '@durabase/contracts/api/run-explanation';
import type { BulkFilter, BulkOperation, BulkResult, RunLink } from '@durabase/contracts/api/run-operations';
import type { Calls } from '../supabase/create-calls.ts';
import { repeatWithKey } from '../supabase/repeat-with-key.ts';
import { readOneRun } from './get-run.ts';
import { readColumns, rowsOf, textOf } from './read-rows.ts';
import { unescapeResult } from './unescape.ts';

/** How to pause. */
export interface PauseOptions {
  /** For people, at most 1,000 characters. */
  readonly reason?: string | undefined;
  /** Stops waiting for the answer; the run may have been paused all the same. */
  readonly signal?: AbortSignal | undefined;
}

/** How to make a run of a run. */
export interface MakeRunOptions {
  /**
   * The same key makes one run, however often it is sent; with something else it is refused. With a key, a call that got no
   * answer is repeated by itself, twice. 1 to 200 characters.
   */
  readonly idempotencyKey?: string | undefined;
  /** Stops waiting for the answer; the run may have been made all the same. */
  readonly signal?: AbortSignal | undefined;
}

/** How to run a task again. */
export interface RerunOptions extends MakeRunOptions {
  /** @default the input of that run */
  readonly input?: Json | undefined;
  /** `same` as that run, or the `newest` ready one. @default 'newest' */
  readonly version?: 'same' | 'newest' | undefined;
}

/** How to fork. */
export interface ForkOptions extends MakeRunOptions {
  /** Id of the step that is taken again, with those that need it; the outputs of all others are kept. */
  readonly fromStep: string;
  /** `same` as that run, or the `newest` ready one. @default 'same' */
  readonly version?: 'same' | 'newest' | undefined;
}

/** What to do to many runs. */
export interface BulkRequest {
  readonly operation: BulkOperation;
  /** Which runs; all fields must fit, and there must be one. */
  readonly filter: BulkFilter;
  /** Of the operation: `reason` of cancel and pause, `fromStep` of fork, `version` of rerun and fork. */
  readonly options?: Pick<PauseOptions, 'reason'> & Partial<Pick<ForkOptions, 'fromStep' | 'version'>>;
  /** At most so many runs in this call, 1,000 at most; 0: they are only counted. @default 100 */
  readonly maxRuns?: number | undefined;
  /** Stops waiting for the answer; it may have been done all the same. */
  readonly signal?: AbortSignal | undefined;
}

export const pauseRun = async (calls: Calls, runId: string, { reason, signal }: PauseOptions): Promise<Run> =>
  readOneRun(await calls.call('pause_run', { run: runId, reason }, signal));

export const resumeRun = async (calls: Calls, runId: string, signal?: AbortSignal): Promise<Run> =>
  readOneRun(await calls.call('resume_run', { run: runId }, signal));

const makeRun = (
  calls: Calls,
  name: string,
  { idempotencyKey, signal, ...args }: MakeRunOptions & Readonly<Record<string, unknown>>,
): Promise<Run> =>
  repeatWithKey(idempotencyKey, async () =>
    readOneRun(await calls.call(name, { ...args, idempotency_key: idempotencyKey }, signal)),
  );

export const retryRun = (calls: Calls, run: string, { idempotencyKey, signal }: MakeRunOptions): Promise<Run> =>
  makeRun(calls, 'retry_run', { run, idempotencyKey, signal });

export const rerun = (calls: Calls, run: string, { input, version, idempotencyKey, signal }: RerunOptions): Promise<Run> =>
  makeRun(calls, 'rerun', { run, input, version, idempotencyKey, signal });

export const forkRun = (calls: Calls, run: string, { fromStep, version, idempotencyKey, signal }: ForkOptions): Promise<Run> =>
  makeRun(calls, 'fork_run', { run, from_step: fromStep, version, idempotencyKey, signal });

export const operateOnRuns = async (
  calls: Calls,
  { operation, filter, options, maxRuns, signal }: BulkRequest,
): Promise<BulkResult> => (await calls.call('for_runs', { operation, filter, options, max_runs: maxRuns }, signal)) as BulkResult;

export const explainRun = async (calls: Calls, runId: string, signal?: AbortSignal): Promise<RunExplanation> =>
  unescapeResult((await calls.call('explain_run', { run: runId }, signal)) as Json) as unknown as RunExplanation;

const LINK_COLUMNS = ['relation', 'run_id', 'task_id', 'state', 'step_id', 'iteration', 'is_waited', 'created_at'];
const PAGE = 100;

/** The oldest first: where the run comes from, then what came from it. */
export async function* listLinks(calls: Calls, runId: string, signal?: AbortSignal): AsyncGenerator<RunLink, void, undefined> {
  let after: { readonly after_at?: string; readonly after_id?: string } = {};
  for (;;) {
    const rows = rowsOf(await calls.call('list_links', { run: runId, ...after, page_limit: PAGE }, signal));
    for (const row of rows) yield readColumns(row, LINK_COLUMNS) as unknown as RunLink;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    after = { after_at: textOf(last, 'created_at'), after_id: textOf(last, 'run_id') };
  }
}
