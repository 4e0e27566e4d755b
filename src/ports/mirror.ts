import type { Json, JsonObject, Plan, RunState, StepState } from '@durabase/contracts';

/** Which execution in Temporal writes; Postgres finds its epoch, and refuses those that were overtaken. */
export interface Writer {
  readonly runId: string;
  readonly temporalRunId: string;
  readonly firstRunId: string;
}

/** A run as it is read before it opens. */
export interface LoadedRun {
  readonly runId: string;
  readonly workspaceId: string;
  readonly taskId: string;
  readonly taskSlug: string;
  readonly versionId: string;
  readonly state: RunState;
  readonly epoch: number;
  readonly input: Json;
  readonly createdAt: string;
  readonly actor: JsonObject;
}

/** A step that is under way as soon as its run opens, with its frozen input. */
export interface FirstStep {
  readonly stepId: string;
  readonly name: string;
  readonly action: string;
  readonly state: 'running';
  readonly input: Json;
}

/** Answer to opening a run. */
export interface Opening {
  readonly verdict: 'go' | 'cancel' | 'wait' | 'ended' | 'refused';
  readonly epoch?: number;
  readonly deadlineAt?: string | null;
  readonly reason?: string;
  readonly state?: RunState;
  /** Steps that are done already. */
  readonly done?: Readonly<Record<string, 'completed' | 'skipped'>>;
  readonly isPaused?: boolean;
}

/** What an attempt needs to know. */
export interface LoadedStep {
  readonly workspaceId: string;
  readonly taskSlug: string;
  readonly runState: RunState;
  readonly runEpoch: number;
  /** `null` until this execution has written for the first time. */
  readonly epoch: number | null;
  /** Input of the run, if it was asked for. */
  readonly input: Json;
  /** Outputs of the steps that were asked for and are completed. */
  readonly outputs: JsonObject;
  /** What the iteration of a loop is at. */
  readonly item: Json;
  readonly step: StepRow | null;
}

/** A step's row. */
export interface StepRow {
  readonly state: StepState;
  readonly epoch: number;
  readonly attempt: number;
  readonly failureCount: number;
  readonly input: Json;
  readonly output: Json;
  readonly outputRef: JsonObject | null;
  readonly error: JsonObject | null;
  readonly wakesAt: string | null;
}

/** A value too large for a row that is read often. */
export interface StoredPayload {
  readonly sha256: string;
  readonly bytes: number;
  readonly preview: string;
  readonly body: Json;
}

/** An attempt, or a wait, that begins. */
export interface StepBegin extends Writer {
  readonly stepId: string;
  readonly iteration: number;
  readonly attempt: number;
  readonly name: string;
  readonly action: string;
  readonly state: 'running' | 'waiting';
  readonly input: Json;
  readonly wakesAt?: string;
  /** What a wait waits for, beside its time. */
  readonly wait?: ArmedWait;
}

/** What ends a wait. */
export type ArmedWait =
  | { readonly kind: 'event'; readonly name: string; readonly match: JsonObject }
  | {
      readonly kind: 'child';
      readonly task: string;
      readonly input: JsonObject;
      readonly priority?: number;
      readonly isWaited: boolean;
    }
  | { readonly kind: 'external' };

/** A step that is over without having begun. */
export interface StepSkip extends Writer {
  readonly stepId: string;
  readonly iteration: number;
  readonly name: string;
  readonly action: string;
  /** For people. */
  readonly reason: string;
}

/** A loop that begins. */
export interface LoopOpening extends Writer {
  readonly stepId: string;
  readonly name: string;
  readonly action: string;
  readonly items: readonly Json[];
}

/** Answer to the opening of a loop. */
export type LoopAnswer =
  | { readonly verdict: 'go'; readonly count: number; readonly next: number; readonly missing: readonly number[] }
  | { readonly verdict: 'done'; readonly state: StepState }
  | { readonly verdict: 'stale'; readonly reason: string };

/** An attempt, or a wait, that ends. Without `attempt` (waits) it ends whatever attempt there is. */
export interface StepEnd extends Writer {
  readonly stepId: string;
  readonly iteration: number;
  readonly attempt?: number;
  readonly state: 'completed' | 'retrying' | 'failed' | 'timed_out' | 'cancelled';
  readonly output?: Json;
  readonly payload?: StoredPayload;
  readonly error?: Json;
  readonly nextAttemptAt?: string;
}

/** Answer to a step's beginning. */
export interface BeginAnswer {
  readonly verdict: 'go' | 'done' | 'wait' | 'stale';
  readonly reason?: string;
}

/** Answer to a step's end: `kept` also when it had been said before. */
export interface EndAnswer {
  readonly verdict: 'kept' | 'stale';
  readonly state?: StepState;
  readonly outputRef?: JsonObject | null;
  readonly reason?: string;
}

/** The end of a run. */
export interface RunEnd extends Writer {
  readonly state: 'completed' | 'failed' | 'timed_out' | 'cancelled';
  readonly output?: Json;
  readonly payload?: StoredPayload;
  readonly error?: Json;
}

/** The rows in Postgres that show what Temporal does. Writes of many runs travel in one statement. */
export interface MirrorPort {
  loadRun(runId: string): Promise<LoadedRun | undefined>;
  /** Plans never change, so they are read once per process. Throws TASK_NOT_READY when there is none. */
  loadPlan(versionId: string): Promise<Plan>;
  /** Accepts what an operator started in Temporal; throws the refusal of `start_run`. */
  adoptStart(request: {
    readonly runId: string;
    readonly workflowId: string;
    readonly workspace?: string | undefined;
    readonly task: string;
    readonly input?: Json | undefined;
  }): Promise<void>;
  openRun(request: Writer & { readonly deadlineMs?: number | undefined; readonly steps: readonly FirstStep[] }): Promise<Opening>;
  loadStep(request: {
    readonly runId: string;
    readonly stepId: string;
    readonly iteration: number;
    readonly temporalRunId: string;
    /** Steps whose outputs are needed. */
    readonly references: readonly string[];
    readonly withInput: boolean;
  }): Promise<LoadedStep | undefined>;
  beginStep(begin: StepBegin): Promise<BeginAnswer>;
  endStep(end: StepEnd): Promise<EndAnswer>;
  skipStep(skip: StepSkip): Promise<{ readonly verdict: 'done' | 'stale'; readonly state?: StepState; readonly reason?: string }>;
  openLoop(opening: LoopOpening): Promise<LoopAnswer>;
  closeLoop(
    end: Writer & { readonly stepId: string; readonly state: 'completed' | 'failed'; readonly error?: Json },
  ): Promise<EndAnswer & { readonly error?: JsonObject }>;
  /** What has changed for a run whose workflow was woken. */
  readControl(request: {
    readonly runId: string;
    readonly waits: readonly { readonly stepId: string; readonly iteration: number }[];
  }): Promise<{
    readonly isPaused: boolean;
    readonly ended: readonly {
      readonly stepId: string;
      readonly iteration: number;
      readonly state: StepState;
      readonly error: JsonObject | null;
    }[];
  }>;
  /** The execution is about to continue as a new one. `false`: it no longer speaks for the run. */
  leaveRun(request: { readonly runId: string; readonly temporalRunId: string }): Promise<boolean>;
  finishRun(end: RunEnd): Promise<{
    readonly verdict: 'kept' | 'stale';
    readonly state: RunState;
    readonly output?: Json;
    readonly outputRef?: JsonObject | null;
    readonly error?: JsonObject | null;
  }>;
  noteSignal(request: { readonly runId: string; readonly temporalRunId: string; readonly name: string }): Promise<void>;
}
