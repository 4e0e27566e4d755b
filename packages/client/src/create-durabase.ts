import { createClient } from '@supabase/supabase-js';
import type { DefinedTask } from '@durabase/contracts/define-task/defined-task';
import type { Json } from '@durabase/contracts/json';
import type { Run } from '@durabase/contracts/api/run';
import type { BulkResult } from '@durabase/contracts/api/run-operations';
import { createEvents, type Events } from './emit-event.ts';
import { DurabaseError } from './errors.ts';
import { createExternalSteps, type ExternalSteps } from './external-steps.ts';
import { readFeeds, toFeed, type Feed } from './live/feeds.ts';
import type { LivePorts } from './live/live-ports.ts';
import { createSurroundings } from './live/surroundings.ts';
import { createTopicHub, type TopicHub } from './live/topic-hub.ts';
import { type FeedWatch, watchFeeds, type WatchFeedsOptions } from './live/watch-feeds.ts';
import { type RunWatch, watchRun, type WatchRunOptions } from './live/watch-run.ts';
import {
  type CancelOptions,
  createRunHandle,
  type ResultOptions,
  type RunHandle,
  type StartedRun,
  toStarted,
} from './run-handle.ts';
import { awaitResult, readPayload } from './runs/await-result.ts';
import { cancelRun, getRun } from './runs/get-run.ts';
import { listRuns, type ListRunsOptions } from './runs/list-runs.ts';
import { type BulkRequest, operateOnRuns } from './runs/operate.ts';
import { idOf, type RunReference } from './runs/run-reference.ts';
import { readStart, type DefinedStart, type StartOptions, startRun } from './runs/start-run.ts';
import { createCalls } from './supabase/create-calls.ts';
import type { RealtimeLike, SupabaseLike } from './supabase/supabase-like.ts';
import { resolveTiming, type Timing } from './timing.ts';

/** What {@link createDurabase} takes: a client of supabase-js, or what is needed to make one. */
export type DurabaseOptions = {
  /** How often and how patiently it asks. @default {@link Timing} */
  readonly timing?: Timing | undefined;
} & (
  | {
      /** The app's own client: the same sign-in, the same connection to Realtime. Its schema does not matter. */
      readonly supabase: SupabaseLike;
    }
  | {
      /** Such as `https://<project>.supabase.co`, or `http://127.0.0.1:54321` for the local stack. */
      readonly supabaseUrl: string;
      /** `sb_publishable_…` in a browser; on a server the secret key also does, and may then do everything. */
      readonly publishableKey: string;
      /** Gives the token of whoever is signed in, when Supabase Auth is not what signs in. Called often: cache it. */
      readonly accessToken?: (() => Promise<string | null>) | undefined;
    }
);

/** Durabase, as whoever is signed in with Supabase: what he may not see or do is refused by the database. */
export interface Durabase {
  /**
   * Starts a run of a task (slug or id). When this returns, the run is accepted: it is not lost.
   * Throws TASK_NOT_FOUND, TASK_NOT_READY, FORBIDDEN, WORKSPACE_AMBIGUOUS, IDEMPOTENCY_CONFLICT, INVALID_REQUEST,
   * INVALID_STRING, BODY_TOO_LARGE, UNAUTHENTICATED, UNREACHABLE.
   *
   * @example
   * const handle = await durabase.start<{ total: number }>('daily-report', { day: '2026-11-20' }, { idempotencyKey: 'report-2026-11-20' });
   * const { total } = await handle.result();
   *
   * @example A task of `defineTask` (`@durabase/client/tasks`) knows the types of its input and output.
   * const handle = await durabase.start(dailyReport, { input: { day: '2026-11-20' } });
   */
  start<Output = Json>(task: string, input?: Json, options?: StartOptions): Promise<StartedRun<Output>>;
  start<Input, Output>(task: DefinedTask<Input, Output>, ...call: DefinedStart<NoInfer<Input>>): Promise<StartedRun<Output>>;
  /** A handle of a run that exists; asks nothing yet. */
  run<Output = Json>(run: RunReference): RunHandle<Output>;
  /** A run as it stands. Throws RUN_NOT_FOUND. */
  getRun(run: RunReference): Promise<Run>;
  /**
   * Runs from the newest to the oldest, read page by page while you iterate. Throws TASK_NOT_FOUND, WORKSPACE_AMBIGUOUS.
   *
   * @example
   * for await (const run of durabase.listRuns({ task: 'daily-report', states: ['failed'], limit: 20 })) console.log(run.error);
   */
  listRuns(options?: ListRunsOptions): AsyncIterable<Run>;
  /** Wishes for the end of a run. Throws RUN_NOT_FOUND, RUN_FINISHED, FORBIDDEN. */
  cancel(run: RunReference, options?: CancelOptions): Promise<Run>;
  /** Waits to the end of a run and gives its output; see {@link RunHandle.result}. */
  result<Output = Json>(run: RunReference, options?: ResultOptions): Promise<Output>;
  /** Operations on many runs. */
  readonly runs: {
    /**
     * One operation on every run that the filter means, each refused by itself. It says how many match, so count first
     * (`maxRuns: 0`), and go on with `lastRunId` as `filter.afterRunId` while `hasMore`. Throws INVALID_REQUEST, UNAUTHENTICATED.
     *
     * @example
     * const { done, refused, remainingCount } = await durabase.runs.bulk({ operation: 'retry', filter: { task: 'daily-report', states: ['failed'] } });
     */
    bulk(request: BulkRequest): Promise<BulkResult>;
  };
  /** Things that happen in the app, for which steps wait. */
  readonly events: Events;
  /** Steps that are done elsewhere. */
  readonly steps: ExternalSteps;
  /** A large value that stands in its row as a reference: pass `outputRef.payload`. Throws PAYLOAD_NOT_FOUND. */
  payload(payloadId: string): Promise<Json>;
  /** The feeds of changes that the user may follow, all or those of one workspace. */
  feeds(workspace?: string): Promise<readonly Feed[]>;
  /**
   * A run's events 1…n in order, each exactly once, those so far and those to come.
   *
   * @example
   * for await (const event of durabase.watch(runId)) console.log(event.seq, event.kind, event.state);
   */
  watch(run: RunReference, options?: WatchRunOptions): RunWatch;
  /**
   * What changes in a workspace, or everywhere, as far as the user may see it.
   *
   * @example
   * const watch = durabase.watch({ workspace, includeRuns: true });
   * await watch.ready;
   * showAll(await Array.fromAsync(durabase.listRuns({ workspace, limit: 50 })));
   * for await (const item of watch) {
   *   if (item.type === 'resync') await showAllAgain();
   *   else if (item.run) show(item.run);
   * }
   */
  watch(options: WatchFeedsOptions & { readonly id?: never }): FeedWatch;
  /** Stops everything that is watched (CLOSED), and the connection to Realtime if nobody else uses it. */
  close(): Promise<void>;
}

/**
 * Durabase over Supabase, for browsers and Node.
 *
 * @example
 * const durabase = createDurabase({ supabase });
 * const run = await durabase.start('daily-report', { day: '2026-11-20' });
 * for await (const event of run.watch()) console.log(event.kind);
 */
export const createDurabase = (options: DurabaseOptions): Durabase => {
  const supabase = 'supabase' in options ? options.supabase : makeClient(options);
  const timing = resolveTiming(options.timing);
  const calls = createCalls(supabase, timing.callTimeoutMs);
  const stops = new Set<(error: Error) => void>();
  const ports: LivePorts = {
    calls,
    hub: hubOf(supabase.realtime),
    surroundings: createSurroundings(supabase),
    timing,
    onOpen: (stop) => {
      stops.add(stop);
      return () => void stops.delete(stop);
    },
  };
  return {
    start: createStarter(ports),
    run: (run) => createRunHandle(idOf(run), ports),
    getRun: (run) => getRun(calls, idOf(run)),
    listRuns: (listOptions = {}) => listRuns(calls, listOptions),
    cancel: (run, cancelOptions = {}) => cancelRun(calls, idOf(run), cancelOptions),
    result: async <Output>(run: RunReference, { signal }: ResultOptions = {}) =>
      (await awaitResult(idOf(run), ports, signal)) as Output,
    runs: { bulk: (request) => operateOnRuns(calls, request) },
    events: createEvents(calls),
    steps: createExternalSteps(calls),
    payload: (payloadId) => readPayload(calls, payloadId),
    feeds: async (workspace) => (await readFeeds(calls, workspace)).map(toFeed),
    watch: createWatcher(ports),
    close: async () => {
      for (const stop of stops) stop(new DurabaseError('CLOSED'));
      await ports.hub.whenUnused(CLOSE_MS);
      if (supabase.realtime.getChannels().length === 0) await supabase.realtime.disconnect();
    },
  };
};

const createStarter = (ports: LivePorts): Durabase['start'] => {
  return async <Output>(...args: Parameters<typeof readStart>): Promise<StartedRun<Output>> => {
    const run = await startRun(ports.calls, readStart(...args));
    return toStarted<Output>(run, ports);
  };
};

const createWatcher = (ports: LivePorts): Durabase['watch'] => {
  function watch(run: RunReference, options?: WatchRunOptions): RunWatch;
  function watch(options: WatchFeedsOptions & { readonly id?: never }): FeedWatch;
  function watch(target: RunReference | WatchFeedsOptions, options: WatchRunOptions = {}): RunWatch | FeedWatch {
    if (typeof target === 'string' || 'id' in target) return watchRun(idOf(target), options, ports);
    return watchFeeds(target, ports);
  }
  return watch;
};

const makeClient = (options: Exclude<DurabaseOptions, { readonly supabase: SupabaseLike }>): SupabaseLike => {
  const { supabaseUrl, publishableKey, accessToken } = options;
  return createClient(supabaseUrl, publishableKey, accessToken === undefined ? {} : { accessToken });
};

/** How long `close` waits for the server to let go of the channels. */
const CLOSE_MS = 1_000;

/** One of each connection, whoever asks: a channel of supabase-js has one owner. */
const hubs = new WeakMap<RealtimeLike, TopicHub>();

const hubOf = (realtime: RealtimeLike): TopicHub => {
  const hub = hubs.get(realtime) ?? createTopicHub(realtime);
  hubs.set(realtime, hub);
  return hub;
};
