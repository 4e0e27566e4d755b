import { type Json, PlatformError } from '@durabase/contracts';
import type { Queryable, Statement } from '../../ports/db.ts';
import type { RunRow } from '../mappers/run.ts';
import type { RunEventRow } from '../mappers/run-event.ts';
import type { RunStepRow } from '../mappers/run-step.ts';

const FIND_RUN: Statement = { name: 'api_find_run', text: 'select to_jsonb(r) as run from durabase.task_runs r where r.id = $1' };
const SEES_RUN: Statement = { name: 'api_sees_run', text: 'select from durabase.task_runs r where r.id = $1' };
const LIST_RUNS: Statement = {
  name: 'api_list_runs',
  text: `select to_jsonb(r) as run from durabase.list_runs($1, $2, $3, $4, $5, $6) r
    where $7::timestamptz is null or r.created_at >= $7 order by r.created_at desc, r.id desc`,
};
/** Rows are read as the caller, whatever the search says. */
const LIST_RUNS_WITH_ERROR: Statement = {
  name: 'api_list_runs_with_error',
  text: `select to_jsonb(r) as run from durabase_private.runs_with_error($8, $1, $2, $3, $4, $5, $6) f
    join durabase.task_runs r on r.id = f.id
    where $7::timestamptz is null or r.created_at >= $7 order by r.created_at desc, r.id desc`,
};
/** As above. */
const SEARCH_RUNS: Statement = {
  name: 'api_search_runs',
  text: `select to_jsonb(r) as run from durabase_private.search_runs($9, $1, $2, $3, $8, $10, $7, $4, $5, $6) f
    join durabase.task_runs r on r.id = f.id order by r.created_at desc, r.id desc`,
};
const LIST_STEPS: Statement = {
  name: 'api_list_steps',
  text: `select to_jsonb(s) || jsonb_build_object('progress', (
      select to_jsonb(p) - 'step_id' from durabase.loop_progress(case when s.iteration = -1 then s.run_id end) p where p.step_id = s.step_id
    )) as step from durabase.run_steps s
    where s.run_id = $1 and ($2::timestamptz is null or (s.started_at, s.step_id, s.iteration) > ($2, $3, $4::int))
    order by s.started_at, s.step_id, s.iteration limit $5`,
};
const LIST_EVENTS: Statement = {
  name: 'api_list_events',
  text: 'select to_jsonb(e) as event from durabase.events_since($1, $2, $3) e order by e.seq',
};
/** One moment of the run and its feed; a run without newer events is one row without an event. */
const READ_RUN_FEED: Statement = {
  name: 'api_read_run_feed',
  text: `select r.state, to_jsonb(r.event_seq) as "lastSeq", to_jsonb(e) as event
    from durabase.task_runs r left join lateral durabase.events_since(r.id, $2, $3) e on true
    where r.id = $1 order by e.seq`,
};
const CANCEL_RUN: Statement = { name: 'api_cancel_run', text: 'select to_jsonb(r) as run from durabase.cancel_run($1, $2) r' };
const GET_PAYLOAD: Statement = { name: 'api_get_payload', text: 'select durabase.get_payload($1) as value' };

const notFound = (): PlatformError =>
  new PlatformError('RUN_NOT_FOUND', {
    message: 'no such run is visible to you',
    hint: 'check the id and the account',
    path: 'run',
  });

/** Throws RUN_NOT_FOUND. */
export async function findRun(tx: Queryable, runId: string): Promise<RunRow> {
  const [row] = await tx.query<{ run: RunRow }>(FIND_RUN, [runId]);
  if (row === undefined) throw notFound();
  return row.run;
}

/** Throws RUN_NOT_FOUND: an empty list would say that the run is there. */
async function assertSeesRun(tx: Queryable, runId: string): Promise<void> {
  const rows = await tx.query(SEES_RUN, [runId]);
  if (rows.length === 0) throw notFound();
}

export interface ListRuns {
  readonly workspace?: string | undefined;
  readonly taskId?: string | undefined;
  readonly states?: readonly string[] | undefined;
  /** Code of the error with which they ended. */
  readonly errorCode?: string | undefined;
  /** Words, or the id of a run. */
  readonly search?: string | undefined;
  /** Who started them. */
  readonly actorId?: string | undefined;
  /** Newest first: what is older stands at the end of the page, and is left out. */
  readonly since?: string | undefined;
  readonly before: { readonly createdAt: string; readonly id: string } | undefined;
  readonly limit: number;
}

/** Newest first. */
export async function listRuns(
  tx: Queryable,
  { workspace, taskId, states, errorCode, search, actorId, since, before, limit }: ListRuns,
): Promise<readonly RunRow[]> {
  const values = [
    workspace ?? null,
    taskId ?? null,
    states ?? null,
    before?.createdAt ?? null,
    before?.id ?? null,
    limit,
    since ?? null,
  ];
  const ask = async (): Promise<readonly { readonly run: RunRow }[]> => {
    if (search !== undefined || actorId !== undefined)
      return tx.query(SEARCH_RUNS, [...values, errorCode ?? null, search ?? null, actorId ?? null]);
    if (errorCode !== undefined) return tx.query(LIST_RUNS_WITH_ERROR, [...values, errorCode]);
    return tx.query(LIST_RUNS, values);
  };
  return (await ask()).map((row) => row.run);
}

export interface ListSteps {
  readonly runId: string;
  readonly after: { readonly startedAt: string; readonly stepId: string; readonly iteration: number } | undefined;
  readonly limit: number;
}

/** In the order in which they started. Throws RUN_NOT_FOUND. */
export async function listSteps(tx: Queryable, { runId, after, limit }: ListSteps): Promise<readonly RunStepRow[]> {
  await assertSeesRun(tx, runId);
  const values = [runId, after?.startedAt ?? null, after?.stepId ?? null, after?.iteration ?? null, limit];
  const rows = await tx.query<{ step: RunStepRow }>(LIST_STEPS, values);
  return rows.map((row) => row.step);
}

export interface ListEvents {
  readonly runId: string;
  readonly after: number;
  readonly limit: number;
}

/** Throws RUN_NOT_FOUND. */
export async function listEvents(tx: Queryable, { runId, after, limit }: ListEvents): Promise<readonly RunEventRow[]> {
  await assertSeesRun(tx, runId);
  const rows = await tx.query<{ event: RunEventRow }>(LIST_EVENTS, [runId, after, limit]);
  return rows.map((row) => row.event);
}

export interface RunFeed {
  readonly state: RunRow['state'];
  /** Number of the newest event, whether it is among these or not. */
  readonly lastSeq: number;
  readonly events: readonly RunEventRow[];
}

/** Throws RUN_NOT_FOUND. */
export async function readRunFeed(tx: Queryable, { runId, after, limit }: ListEvents): Promise<RunFeed> {
  type Row = Omit<RunFeed, 'events'> & { readonly event: RunEventRow | null };
  const rows = await tx.query<Row>(READ_RUN_FEED, [runId, after, limit]);
  const [first] = rows;
  if (first === undefined) throw notFound();
  return { state: first.state, lastSeq: first.lastSeq, events: rows.flatMap(({ event }) => event ?? []) };
}

/** Throws RUN_NOT_FOUND, RUN_FINISHED, FORBIDDEN. */
export async function cancelRun(
  tx: Queryable,
  { runId, reason }: { readonly runId: string; readonly reason: string | undefined },
): Promise<RunRow> {
  const [row] = await tx.query<{ run: RunRow }>(CANCEL_RUN, [runId, reason ?? null]);
  if (row === undefined) throw notFound();
  return row.run;
}

/** Throws PAYLOAD_NOT_FOUND. */
export async function getPayload(tx: Queryable, payloadId: string): Promise<Json> {
  const [row] = await tx.query<{ value: Json }>(GET_PAYLOAD, [payloadId]);
  return row?.value ?? null;
}
