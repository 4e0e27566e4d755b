import type { Log } from './log.ts';
import type { Secret } from './secrets.ts';

/** What a handler knows about the attempt it makes. */
export interface ActionContext {
  readonly workspaceId: string;
  readonly runId: string;
  readonly stepId: string;
  /** 0 unless the step is in a loop. */
  readonly iteration: number;
  /** 1 for the first. */
  readonly attempt: number;
  /** `<run id>/<step id>/<iteration>`: the same over attempts, resets and worker deaths. */
  readonly idempotencyKey: string;
  /** Fires on cancellation, on the attempt's time-out, and when the worker must stop. */
  readonly signal: AbortSignal;
  /** Secrets that were put into the input, for the check of their hosts. */
  readonly secrets: readonly Secret[];
  readonly log: Log;
}

/** Does the work of one attempt. Throws PlatformError for what it can name; anything else counts as STEP_FAILED. */
export type ActionHandler<Input, Output> = (input: Input, context: ActionContext) => Promise<Output>;
