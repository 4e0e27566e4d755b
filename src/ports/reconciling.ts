import type { RunState } from '@durabase/contracts';
import type { SeenExecution } from './temporal.ts';

/** What became of a comparison: nothing to do, mended, or no row for this execution. */
export type Reconciled = 'same' | 'mended' | 'unknown';

/** An open run, as the mirror shows it. */
export interface OpenRun {
  readonly runId: string;
  readonly workflowId: string;
  readonly temporalRunId: string | null;
  readonly state: RunState;
  readonly stalledReason: string | null;
}

/** The mirror's side of reconciling. */
export interface ReconcilingPort {
  /** Takes or keeps the lead; returns the bookmark of the last leader, `undefined` when somebody else leads. */
  lead(bookmark?: { readonly watermark: string }): Promise<{ readonly watermark?: string } | undefined>;
  leave(): Promise<void>;
  /** Answers in the order of the executions. */
  reconcile(executions: readonly (SeenExecution & { readonly runId: string })[]): Promise<readonly Reconciled[]>;
  /** Open runs behind this id that have been quiet for a while. */
  listOpenRuns(afterId: string): Promise<readonly OpenRun[]>;
  loseRun(runId: string, temporalRunId: string): Promise<void>;
  flagRun(runId: string, reason: string | null): Promise<void>;
  adopt(execution: SeenExecution & { readonly runId: string; readonly record: unknown }): Promise<boolean>;
  /** Permits of ended runs, which must not be: how many were freed. */
  sweepPermits(): Promise<number>;
  beat(details: { readonly isPolling: boolean }): Promise<void>;
}
