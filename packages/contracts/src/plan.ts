import type { Json, JsonObject } from './json.ts';

/** What happens at the other side when an attempt is repeated. */
export type EffectClass =
  /** Nothing changes there: reading. */
  | 'none'
  /** The idempotency key is sent along: a repeat is recognised there. */
  | 'idempotent'
  /** A repeat may do it twice, so an attempt whose end is unknown is not repeated. */
  | 'doubtful';

/** How a step is executed: one activity, a wait inside the workflow, or a child run. */
export type ActionKind = 'activity' | 'wait' | 'child';

/** How often and when a failed attempt is repeated. Attempts are counted by failures of the handler. */
export interface RetryPolicy {
  /** Including the first. @default 3 */
  readonly maxAttempts: number;
  /** Wait before the second attempt, in milliseconds. @default 1_000 */
  readonly initialIntervalMs: number;
  /** Factor from one wait to the next. @default 2 */
  readonly backoffCoefficient: number;
  /** Longest wait, in milliseconds. @default 60_000 */
  readonly maxIntervalMs: number;
}

/** Bounds of one step, in milliseconds. */
export interface StepTimeouts {
  /** One attempt. */
  readonly startToCloseMs: number;
  /** All attempts together, waits included. */
  readonly scheduleToCloseMs: number;
  /** A worker that is silent for so long is taken for dead. */
  readonly heartbeatMs: number;
}

/** A step that is taken once for each item of a list. */
export interface Loop {
  /** Expression that gives the list. */
  readonly items: string;
  /** Iterations under way at a time. @default 20 */
  readonly maxParallel: number;
}

/** One step of a plan, with every policy resolved. */
export interface PlanStep {
  readonly id: string;
  /** For people; default: the id. */
  readonly name: string;
  readonly action: string;
  readonly kind: ActionKind;
  /** Ids of the steps that must have completed before. */
  readonly needs: readonly string[];
  /** Input of the action; strings may hold templates. */
  readonly with: JsonObject;
  readonly effect: EffectClass;
  readonly retry: RetryPolicy;
  readonly timeouts: StepTimeouts;
  /** Expression; the step is skipped where it is false. In a loop it is asked for each item. */
  readonly when?: string;
  readonly forEach?: Loop;
  /** Undoes the step when the run ends badly after it: compensation. Its id is that of the step and `:undo`. */
  readonly onFailure?: Omit<PlanStep, 'needs' | 'when' | 'forEach' | 'onFailure'>;
}

/** At most `limit` runs with the same key at a time. `key` is an expression. */
export interface ConcurrencyLimit {
  readonly key: string;
  readonly limit: number;
}

/** A ready version, compiled and checked: what a run executes. */
export interface Plan {
  /** Raised when the meaning of a field changes; a worker refuses formats that it does not know. */
  readonly format: 1;
  /** In an order in which every step stands behind those it needs. */
  readonly steps: readonly PlanStep[];
  /** Template of the run's output; default: the outputs of the steps that no other step needs. */
  readonly output?: Json;
  /** JSON Schema of the input. */
  readonly inputSchema?: JsonObject;
  readonly mode: 'async' | 'sync';
  /** 1 (first) to 5 (last). */
  readonly priority: number;
  /** Wall-clock bound of a run from its start, in milliseconds, waits included. */
  readonly deadlineMs?: number;
  /** Bound of the time in which steps are executing, waits left out, in milliseconds. */
  readonly timeoutMs?: number;
  /** A run that is not started within so many milliseconds expires. */
  readonly ttlMs?: number;
  readonly concurrency?: ConcurrencyLimit;
}
