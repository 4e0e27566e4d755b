export type { DefinedTask, TaskInput, TaskOutput } from '@durabase/contracts/define-task/defined-task';
export type { Json, JsonObject } from '@durabase/contracts/json';
export type { AppEvent } from '@durabase/contracts/api/event';
export type { EndedStep } from '@durabase/contracts/api/external-step';
export type { Run, RunEvent } from '@durabase/contracts/api/run';
export type { OpenWait, RunExplanation } from '@durabase/contracts/api/run-explanation';
export type { BulkFilter, BulkOperation, BulkResult, RunLink } from '@durabase/contracts/api/run-operations';
export type { RunState, TerminalRunState } from '@durabase/contracts/run-states';
export { isTerminal } from '@durabase/contracts/run-states';
export { createDurabase, type Durabase, type DurabaseOptions } from './create-durabase.ts';
export type { EmitOptions, Events } from './emit-event.ts';
export {
  type ClientErrorCode,
  DurabaseError,
  type DurabaseErrorCode,
  type DurabaseErrorDetails,
  isDurabaseError,
  isRunFailedError,
  RunFailedError,
} from './errors.ts';
export type { ExternalSteps, StepOptions } from './external-steps.ts';
export type { Connection, ConnectionState } from './follower/connection.ts';
export type { Change, ChangeFilter, FeedItem, Resync } from './live/change.ts';
export type { Watch, WatchOptions } from './live/create-watch.ts';
export type { Feed } from './live/feeds.ts';
export type { FeedWatch, WatchFeedsOptions } from './live/watch-feeds.ts';
export type { RunWatch, WatchRunOptions } from './live/watch-run.ts';
export type { CancelOptions, ResultOptions, RunHandle, StartedRun } from './run-handle.ts';
export type { ListEventsOptions } from './runs/list-events.ts';
export type { ListRunsOptions } from './runs/list-runs.ts';
export type { BulkRequest, ForkOptions, MakeRunOptions, PauseOptions, RerunOptions } from './runs/operate.ts';
export type { RunReference } from './runs/run-reference.ts';
export type { DefinedStart, StartOptions } from './runs/start-run.ts';
export type { SupabaseLike } from './supabase/supabase-like.ts';
export type { Timing } from './timing.ts';
