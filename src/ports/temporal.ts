import type { AdmittedRun } from './queue.ts';

/** Status of an execution, as Temporal names it. */
export type ExecutionStatus = 'RUNNING' | 'COMPLETED' | 'FAILED' | 'CANCELED' | 'TERMINATED' | 'CONTINUED_AS_NEW' | 'TIMED_OUT';

/** An execution as the visibility store, or a description, shows it. */
export interface SeenExecution {
  readonly workflowId: string;
  readonly temporalRunId: string;
  readonly firstRunId: string;
  readonly status: ExecutionStatus;
  /** ISO 8601. */
  readonly startedAt: string;
}

/** What is going on inside an open execution. */
export interface DescribedExecution extends SeenExecution {
  /** The step that has been tried most often, while it is pending. */
  readonly worstActivity?:
    | { readonly type: string; readonly attempt: number; readonly lastFailure?: string | undefined }
    | undefined;
  /** Tries of the pending workflow task; more than a few mean that workflow code fails. */
  readonly workflowTaskAttempt: number;
  /** Since when its workflow task waits for a worker that takes it; ISO 8601. */
  readonly waitsForWorkerSince?: string | undefined;
  /** Build of workers that the execution belongs to, such as `shop:A`. */
  readonly build?: string | undefined;
}

/** The answer of `openRun` as a history keeps it; without a record when it was refused. */
export type RecordedOpening = { readonly runId: string; readonly record: unknown } | { readonly runId: string };

/** Temporal, as far as the dispatcher and the reconciler need it. Everything throws TEMPORAL_UNAVAILABLE while it is away. */
export interface TemporalPort {
  /** Starts the run's workflow, or finds that it was started already. */
  start(run: AdmittedRun): Promise<void>;
  /** Tells a waiting workflow that its run is admitted. `false`: no such workflow is open. */
  signalAdmitted(workflowId: string): Promise<boolean>;
  /** Tells an open workflow to look at what has changed. `false`: no such workflow is open. */
  wake(workflowId: string): Promise<boolean>;
  /** Asks the workflow to cancel. `false`: no such workflow is open. */
  cancel(workflowId: string): Promise<boolean>;
  /** Executions of our workflow and task queue that started or closed since then. */
  listSince(since: Date): AsyncIterable<readonly SeenExecution[]>;
  /** `undefined`: Temporal does not know it (any more). */
  describe(workflowId: string, temporalRunId?: string): Promise<DescribedExecution | undefined>;
  /** What `openRun` answered in this execution, from its history; `undefined` when it did not. */
  readOpening(workflowId: string, temporalRunId: string): Promise<RecordedOpening | undefined>;
}
