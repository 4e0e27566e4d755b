import type { ErrorCode, Json, JsonObject, RunState } from '@durabase/contracts';

/** Argument of `runTask`: a run that was accepted, or, from an operator, a task that should run. */
export type RunTaskArgument =
  | {
      readonly runId: string;
      /** Executing time of the executions before this one, in milliseconds. */
      readonly usedMs?: number;
    }
  | { readonly workspace?: string; readonly task: string; readonly input?: JsonObject };

/** Which execution in Temporal speaks. */
export interface ExecutionIds {
  readonly workflowId: string;
  readonly temporalRunId: string;
  /** The first execution of the chain that reset, retry and continue-as-new make. */
  readonly firstRunId: string;
}

/** What the workflow must know of a step; its input is read where it is used. */
export interface StepOutline {
  readonly id: string;
  readonly name: string;
  readonly action: string;
  readonly kind: 'activity' | 'wait' | 'child';
  readonly needs: readonly string[];
  readonly startToCloseMs: number;
  readonly scheduleToCloseMs: number;
  readonly heartbeatMs: number;
  /** Taken once for each item of a list, so many at a time. */
  readonly maxParallel?: number;
  /** What undoes it. */
  readonly undo?: Omit<StepOutline, 'needs' | 'maxParallel' | 'undo'>;
}

/** How a step ended well. */
export type StepResult = 'completed' | 'skipped';

/** An error as it travels and as it is stored. */
export interface StoredError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly stepId?: string;
  readonly hint?: string;
  readonly data?: JsonObject;
}

/** Enough to rebuild the run's row from the history alone. */
export interface RunRecord {
  readonly workspaceId: string;
  readonly taskSlug: string;
  readonly versionId: string;
  readonly createdAt: string;
  readonly actor: JsonObject;
  /** Left out when it is larger than 32 KB. */
  readonly input?: Json;
}

/** Answer of `openRun`. */
export type OpenedRun =
  | {
      readonly verdict: 'go' | 'cancel';
      readonly runId: string;
      readonly deadlineMs?: number;
      /** Bound of the time in which activities run. */
      readonly timeoutMs?: number;
      /** Steps that are done already: the run goes on, or was made from another one. */
      readonly done?: Readonly<Record<string, StepResult>>;
      readonly isPaused?: boolean;
      readonly steps: readonly StepOutline[];
      readonly record: RunRecord;
    }
  | { readonly verdict: 'wait'; readonly runId: string }
  | { readonly verdict: 'ended' | 'refused'; readonly runId: string; readonly reason: string; readonly state?: RunState };

/** Argument of each action's activity. */
export interface StepArgument {
  readonly runId: string;
  readonly versionId: string;
  readonly stepId: string;
  readonly iteration: number;
  readonly firstRunId: string;
  /** Nothing that it needs has happened: it is only written down. */
  readonly isSkipped?: true;
}

/** What an action's activity returns: small outputs as they are, large ones by reference. */
export interface StepReport {
  readonly state: StepResult;
  readonly output?: Json;
  readonly outputRef?: JsonObject;
}

/** Answer of `openWait`. */
export type OpenedWait =
  | { readonly isDone: true; readonly state: StepResult }
  /** Without a duration, it waits until something else ends it. */
  | { readonly isDone: false; readonly durationMs?: number };

/** Answer of `openLoop`: the missing iterations and those from `next` to `count` are to be taken. */
export type OpenedLoop =
  | { readonly isDone: true; readonly state: StepResult }
  | { readonly isDone: false; readonly count: number; readonly next: number; readonly missing: readonly number[] };

/** Where a wait is: a step, and which iteration of it. */
export interface WaitPlace {
  readonly stepId: string;
  readonly iteration: number;
}

/** What a woken workflow finds: whether it shall pause, and which of its open waits are over. */
export interface Control {
  readonly isPaused: boolean;
  readonly ended: readonly (WaitPlace & { readonly state: string; readonly error?: StoredError | null })[];
}

/** How the workflow believes that the run ended. */
export interface RunOutcome {
  readonly state: 'completed' | 'failed' | 'timed_out' | 'cancelled';
  readonly error?: StoredError;
}

/** How it is stored that the run ended: this counts. */
export interface StoredOutcome {
  readonly verdict: 'kept' | 'stale';
  readonly state: RunState;
  readonly output?: Json;
  readonly outputRef?: JsonObject | null;
  readonly error?: StoredError | null;
}

/** The engine's own activities, used as local ones first. */
export interface Bookkeeping {
  openRun(request: ExecutionIds & { readonly argument: RunTaskArgument }): Promise<OpenedRun>;
  openWait(request: ExecutionIds & StepArgument): Promise<OpenedWait>;
  /** The time of a wait is over. */
  closeWait(request: ExecutionIds & StepArgument): Promise<{ readonly state: StepResult }>;
  openLoop(request: ExecutionIds & StepArgument): Promise<OpenedLoop>;
  closeLoop(request: ExecutionIds & StepArgument & { readonly error?: StoredError }): Promise<{ readonly state: StepResult }>;
  readControl(request: { readonly runId: string; readonly waits: readonly WaitPlace[] }): Promise<Control>;
  /** The history grows too long: says that another execution goes on. */
  leaveRun(request: ExecutionIds & { readonly runId: string }): Promise<void>;
  finishRun(
    request: ExecutionIds & { readonly runId: string; readonly versionId: string; readonly outcome: RunOutcome },
  ): Promise<StoredOutcome>;
  noteSignal(request: ExecutionIds & { readonly runId: string; readonly name: string }): Promise<void>;
}

/** Name of the signal with which the dispatcher tells a waiting execution that its run is admitted. */
export const ADMITTED_SIGNAL = 'admitted';

/** Name of the signal with which the dispatcher tells a workflow to look at what has changed. */
export const WAKE_SIGNAL = 'wake';

/** What the dispatcher puts into its signals; one without it was sent by hand, which changes nothing but is noted. */
export interface SignalMark {
  readonly by: 'dispatcher';
}
