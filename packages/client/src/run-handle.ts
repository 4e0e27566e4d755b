import type { Json } from '@durabase/contracts/json';
import type { Run, RunEvent } from '@durabase/contracts/api/run';
import type { LivePorts } from './live/live-ports.ts';
import { type RunWatch, watchRun, type WatchRunOptions } from './live/watch-run.ts';
import { awaitResult } from './runs/await-result.ts';
import { cancelRun, getRun } from './runs/get-run.ts';
import { listEvents, type ListEventsOptions } from './runs/list-events.ts';

/** How to wait. */
export interface ResultOptions {
  /** Stops the waiting, not the run. */
  readonly signal?: AbortSignal | undefined;
}

/** How to cancel. */
export interface CancelOptions {
  /** For people, at most 1,000 characters. */
  readonly reason?: string | undefined;
  /** Stops waiting for the answer; the wish may have been noted all the same. */
  readonly signal?: AbortSignal | undefined;
}

/** One run. Holds nothing but its id: every call asks anew. */
export interface RunHandle<Output = Json> {
  readonly id: string;
  /** The run as it stands. Throws RUN_NOT_FOUND. */
  get(): Promise<Run>;
  /**
   * Waits to the end of the run, also over disconnections, and gives its output, large ones included.
   * Throws `RunFailedError` where it did not complete, RUN_NOT_FOUND or NO_ACCESS, SIGNED_OUT, or the signal's reason.
   */
  result(options?: ResultOptions): Promise<Output>;
  /** The events so far, in order. Throws RUN_NOT_FOUND. For those to come: `watch()`. */
  events(options?: ListEventsOptions): AsyncIterable<RunEvent>;
  /** Its events, those so far and those to come, until it has ended. */
  watch(options?: WatchRunOptions): RunWatch;
  /** Wishes for its end; it has ended when its state says so. Throws RUN_NOT_FOUND, RUN_FINISHED, FORBIDDEN. */
  cancel(options?: CancelOptions): Promise<Run>;
}

export const createRunHandle = <Output = Json>(id: string, ports: LivePorts): RunHandle<Output> => ({
  id,
  get: () => getRun(ports.calls, id),
  // What a task gives is the task's own matter; the caller said what he expects.
  result: async ({ signal } = {}) => (await awaitResult(id, ports, signal)) as Output,
  events: (options = {}) => listEvents(ports.calls, id, options),
  watch: (options = {}) => watchRun(id, options, ports),
  cancel: (options = {}) => cancelRun(ports.calls, id, options),
});
