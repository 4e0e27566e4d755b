import type { RunEvent } from '@durabase/contracts/api/run';
import type { Calls } from '../supabase/create-calls.ts';
import { getRun } from './get-run.ts';
import { readEvent, rowsOf } from './read-rows.ts';

/** Which events of a run. */
export interface ListEventsOptions {
  /** Number of the last event that is already known. @default 0 */
  readonly after?: number | undefined;
  /** Ends the iteration with its reason. */
  readonly signal?: AbortSignal | undefined;
}

const PAGE = 500;

/** The events that there are at this moment, in order. */
export async function* listEvents(
  calls: Calls,
  runId: string,
  { after = 0, signal }: ListEventsOptions,
): AsyncGenerator<RunEvent, void, undefined> {
  const { lastEventSeq } = await getRun(calls, runId, signal); // no rows would say that there is such a run
  for (let at = after; at < lastEventSeq;) {
    const rows = rowsOf(await calls.call('events_since', { run: runId, after_seq: at, page_limit: PAGE }, signal));
    const events = rows.map(readEvent);
    yield* events;
    const last = events.at(-1)?.seq;
    if (last === undefined) return;
    at = last;
  }
}
