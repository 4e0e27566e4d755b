import type { Json } from '@durabase/contracts/json';
import type { Run, RunEvent } from '@durabase/contracts/api/run';
import type { RunExplanation } from '@durabase/contracts/api/run-explanation';
import type { RunLink } from '@durabase/contracts/api/run-operations';
import type { LivePorts } from './live/live-ports.ts';
import { type RunWatch, watchRun, type WatchRunOptions } from './live/watch-run.ts';
import { awaitResult } from './runs/await-result.ts';
import { cancelRun, getRun } from './runs/get-run.ts';
import { listEvents, type ListEventsOptions } from './runs/list-events.ts';
import {
  explainRun,
  forkRun,
  type ForkOptions,
  listLinks,
  type MakeRunOptions,
  pauseRun,
  type PauseOptions,
  rerun,
  type RerunOptions,
  resumeRun,
  retryRun,
} from './runs/operate.ts';

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
  /**
   * Holds it before its next step: what is under way ends first, deadlines go on. Its state says `paused` when it is held.
   * Throws RUN_NOT_FOUND, RUN_FINISHED, FORBIDDEN.
   */
  pause(options?: PauseOptions): Promise<Run>;
  /** Lets it go on. Throws RUN_NOT_FOUND, RUN_FINISHED, FORBIDDEN. */
  resume(): Promise<Run>;
  /**
   * Makes a new run that keeps what this one has done, and takes again what failed and what comes after it.
   * Throws RUN_NOT_FOUND, RUN_NOT_FINISHED, RUN_FINISHED where it ended well, STEP_NOT_KEPT, FORBIDDEN, IDEMPOTENCY_CONFLICT.
   */
  retry(options?: MakeRunOptions): Promise<StartedRun<Output>>;
  /**
   * Makes a new run of the same task that takes all steps again. Throws RUN_NOT_FOUND, RUN_NOT_FINISHED, TASK_NOT_READY,
   * FORBIDDEN, IDEMPOTENCY_CONFLICT.
   */
  rerun(options?: RerunOptions): Promise<StartedRun<Output>>;
  /**
   * Makes a new run that keeps the outputs of all steps that do not need `fromStep`, and takes the others again.
   * Throws RUN_NOT_FOUND, RUN_NOT_FINISHED, STEP_NOT_FOUND, STEP_NOT_KEPT, FORBIDDEN, IDEMPOTENCY_CONFLICT.
   *
   * @example
   * const fork = await durabase.run(failed).fork({ fromStep: 'digest', version: 'newest' });
   */
  fork(options: ForkOptions): Promise<StartedRun<Output>>;
  /** Where it comes from and what came from it, the oldest first: parent, children, forks, retries, re-runs. Throws RUN_NOT_FOUND. */
  links(): AsyncIterable<RunLink>;
  /** Why it stands where it stands: what holds it, what it waits for, who paused it. Throws RUN_NOT_FOUND. */
  explain(): Promise<RunExplanation>;
}

/** A run that was just started. */
export interface StartedRun<Output = Json> extends RunHandle<Output> {
  /** The run as it was accepted. */
  readonly run: Run;
}

export const createRunHandle = <Output = Json>(id: string, ports: LivePorts): RunHandle<Output> => ({
  id,
  get: () => getRun(ports.calls, id),
  // What a task gives is the task's own matter; the caller said what he expects.
  result: async ({ signal } = {}) => (await awaitResult(id, ports, signal)) as Output,
  events: (options = {}) => listEvents(ports.calls, id, options),
  watch: (options = {}) => watchRun(id, options, ports),
  cancel: (options = {}) => cancelRun(ports.calls, id, options),
  pause: (options = {}) => pauseRun(ports.calls, id, options),
  resume: () => resumeRun(ports.calls, id),
  retry: async (options = {}) => toStarted(await retryRun(ports.calls, id, options), ports),
  rerun: async (options = {}) => toStarted(await rerun(ports.calls, id, options), ports),
  fork: async (options) => toStarted(await forkRun(ports.calls, id, options), ports),
  links: () => listLinks(ports.calls, id),
  explain: () => explainRun(ports.calls, id),
});

/** A handle of a run that was just accepted. */
export const toStarted = <Output>(run: Run, ports: LivePorts): StartedRun<Output> => ({
  ...createRunHandle<Output>(run.id, ports),
  run,
});
