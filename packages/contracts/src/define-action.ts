import type { z } from 'zod';
import type { ErrorCode } from './errors.ts';
import type { JsonObject } from './json.ts';
import type { ActionKind, EffectClass, RetryPolicy, StepTimeouts } from './plan.ts';

/** What an action promises: its input, output, policy and errors. Pure data; the handler lives in `src/activities/actions`. */
export interface ActionContract<
  Type extends string = string,
  Input extends z.ZodType = z.ZodType,
  Output extends z.ZodType = z.ZodType,
> {
  /** Name in a task, in kebab-case; also the name of the activity in Temporal. */
  readonly type: Type;
  readonly kind: ActionKind;
  /** One sentence for lists and forms. */
  readonly summary: string;
  readonly input: Input;
  readonly output: Output;
  /**
   * Where `{{ secrets.NAME }}` may stand in `with`: paths of property names, `*` for any one name,
   * such as `headers.*` or `auth.bearer`. @default none
   */
  readonly secretFields: readonly string[];
  /** Decided from the step's `with` as written, templates included. */
  readonly effectOf: (input: JsonObject) => EffectClass;
  readonly retry: RetryPolicy;
  readonly timeouts: StepTimeouts;
  /** Codes that the handler may throw, beside those of the wrapper. */
  readonly errors: readonly ErrorCode[];
}

/** What the author of an action writes; the rest has defaults. */
export type ActionDraft<Type extends string, Input extends z.ZodType, Output extends z.ZodType> = Pick<
  ActionContract<Type, Input, Output>,
  'type' | 'summary' | 'input' | 'output'
> &
  Partial<Pick<ActionContract<Type, Input, Output>, 'kind' | 'secretFields' | 'effectOf' | 'errors'>> & {
    readonly retry?: Partial<RetryPolicy>;
    readonly timeouts?: Partial<StepTimeouts>;
  };

/** 3 attempts, 1 s, doubled each time up to a minute. */
export const DEFAULT_RETRY: RetryPolicy = {
  maxAttempts: 3,
  initialIntervalMs: 1_000,
  backoffCoefficient: 2,
  maxIntervalMs: 60_000,
};

/** One attempt may take 5 minutes, all together a day; a worker is dead after 3 silent seconds. */
export const DEFAULT_TIMEOUTS: StepTimeouts = { startToCloseMs: 300_000, scheduleToCloseMs: 86_400_000, heartbeatMs: 3_000 };

/** Heartbeat time-out of steps whose effect is doubtful, in milliseconds: long, because a wrong alarm cannot be repaired. */
export const DOUBTFUL_HEARTBEAT_MS = 30_000;

/** Makes the contract of an action from its draft; see {@link ActionContract} for the defaults. */
export const defineAction = <Type extends string, Input extends z.ZodType, Output extends z.ZodType>(
  draft: ActionDraft<Type, Input, Output>,
): ActionContract<Type, Input, Output> => ({
  kind: 'activity',
  secretFields: [],
  effectOf: () => 'idempotent',
  errors: [],
  ...draft,
  retry: { ...DEFAULT_RETRY, ...draft.retry },
  timeouts: { ...DEFAULT_TIMEOUTS, ...draft.timeouts },
});
