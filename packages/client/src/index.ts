export type { DefinedTask, TaskInput, TaskOutput } from '@durabase/contracts/define-task/defined-task';
export type { Json, JsonObject } from '@durabase/contracts/json';
export type { Run, RunEvent } from '@durabase/contracts/api/run';
export type { RunState, TerminalRunState } from '@durabase/contracts/run-states';
export { isTerminal } from '@durabase/contracts/run-states';
export { createDurabase, type Durabase, type DurabaseOptions, type StartedRun } from './create-durabase.ts';
export {
  type ClientErrorCode,
  DurabaseError,
  type DurabaseErrorCode,
  type DurabaseErrorDetails,
  isDurabaseError,
  isRunFailedError,
  RunFailedError,
} from './errors.ts';
export type { Connection, ConnectionState } from './follower/connection.ts';
export type { Change, ChangeFilter, FeedItem, Resync } from './live/change.ts';
export type { Watch, WatchOptions } from './live/create-watch.ts';
export type { Feed } from './live/feeds.ts';
export type { FeedWatch, WatchFeedsOptions } from './live/watch-feeds.ts';
export type { RunWatch, WatchRunOptions } from './live/watch-run.ts';
export type { CancelOptions, ResultOptions, RunHandle } from './run-handle.ts';
export type { ListEventsOptions } from './runs/list-events.ts';
export type { ListRunsOptions } from './runs/list-runs.ts';
export type { RunReference } from './runs/run-reference.ts';
export type { DefinedStart, StartOptions } from './runs/start-run.ts';
export type { SupabaseLike } from './supabase/supabase-like.ts';
export type { Timing } from './timing.ts';
