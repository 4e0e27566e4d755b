import { type ActionContract, isPlatformError, type Json, PlatformError } from '@durabase/contracts';
import { formatPath } from '@durabase/contracts/json-path';
import { Context } from '@temporalio/activity';
import type { ActionHandler } from '../ports/action.ts';
import type { Log } from '../ports/log.ts';
import type { MirrorPort } from '../ports/mirror.ts';
import type { Secret, SecretsPort } from '../ports/secrets.ts';
import type { StepArgument, StepReport } from '../workflows/run-task.messages.ts';
import { type AttemptEnding, endBadly, endCancelled, endWell, toKeptOutput } from './end-attempt.ts';
import { toFailure } from './failure.ts';
import { type PreparedAttempt, prepareAttempt } from './prepare-attempt.ts';
import { addSecrets, stepKey } from './resolve-input.ts';

/** What the wrapper asks for. */
export interface WrapperPorts {
  readonly mirror: MirrorPort;
  readonly secrets: SecretsPort;
  readonly log: Log;
  /** From one heartbeat to the next, in milliseconds. @default 1_000 */
  readonly heartbeatMs?: number;
}

const PAUSE_AFTER_SHUTDOWN_MS = 10;
const PAUSE_AFTER_OUTAGE_MS = 500;

/** Tells Temporal that the attempt lives; cancellation reaches an attempt only this way. */
function startHeartbeat(context: Context, everyMs: number): () => void {
  const timer = setInterval(() => context.heartbeat(), everyMs);
  return () => clearInterval(timer);
}

const parseOr = (
  code: 'STEP_INPUT_INVALID' | 'STEP_OUTPUT_INVALID',
  schema: ActionContract['input'],
  value: unknown,
): unknown => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path = formatPath(issue?.path ?? []);
  throw new PlatformError(code, { message: `${path === '' ? 'it' : path}: ${issue?.message ?? 'does not fit'}`, path });
};

interface Attempt {
  readonly contract: ActionContract;
  readonly handler: ActionHandler<never, unknown>;
  readonly ready: PreparedAttempt;
  readonly argument: StepArgument;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Runs the handler; one that ignores its signal does not hold the attempt for ever. */
async function runBounded<Output>(
  work: (signal: AbortSignal) => Promise<Output>,
  signal: AbortSignal,
  boundMs: number,
): Promise<Output> {
  const bound = new AbortController();
  const timer = setTimeout(
    () => bound.abort(new PlatformError('STEP_TIMED_OUT', { message: `the attempt took longer than ${boundMs} ms` })),
    boundMs,
  );
  const either = AbortSignal.any([signal, bound.signal]);
  const stopped = new Promise<never>((_, reject) => {
    if (either.aborted) reject(either.reason);
    else either.addEventListener('abort', () => reject(either.reason), { once: true });
  });
  try {
    return await Promise.race([work(either), stopped]);
  } finally {
    clearTimeout(timer);
  }
}

/** Parse input → handler, bounded in time → parse output. */
async function perform(
  { contract, handler, ready, argument, log, signal }: Attempt,
  input: Json,
  used: readonly Secret[],
): Promise<Json> {
  const { runId, stepId, iteration } = argument;
  const parsed = parseOr('STEP_INPUT_INVALID', contract.input, input);
  const facts = {
    workspaceId: ready.workspaceId,
    runId,
    stepId,
    iteration,
    attempt: ready.attempt,
    idempotencyKey: stepKey(runId, stepId, iteration),
    secrets: used,
    log,
  };
  const output = await runBounded(
    (either) => handler(parsed as never, { ...facts, signal: either }),
    signal,
    ready.step.timeouts.startToCloseMs,
  );
  return parseOr('STEP_OUTPUT_INVALID', contract.output, output) as Json;
}

/** After an error: was it the handler, a cancellation, a worker that stops, or somebody who has taken over? */
async function endAttempt(error: unknown, context: Context, ending: AttemptEnding, log: Log): Promise<Error> {
  const why = context.cancellationDetails;
  if (context.cancellationSignal.aborted) {
    if (why?.cancelRequested === true) return endCancelled(ending);
    if (why?.workerShutdown === true || ending.overtaken.aborted === false) {
      log.info('step.handed-over', { stepId: ending.attempt.step.id });
      return toFailure(
        { code: 'STEP_FAILED', message: 'the worker stops; another one goes on' },
        { isFinal: false, delayMs: PAUSE_AFTER_SHUTDOWN_MS },
      );
    }
    return error instanceof Error ? error : new Error('the attempt was given to another worker');
  }
  const failure = await endBadly(error, ending);
  log.warn('step.attempt-failed', {
    stepId: ending.attempt.step.id,
    attempt: ending.attempt.attempt,
    code: isPlatformError(error) ? error.code : 'STEP_FAILED',
  });
  return failure;
}

/** Errors before the attempt is under way (the database is away, say) are nobody's failure: it is tried again. */
async function prepare(argument: StepArgument, context: Context, mirror: MirrorPort): ReturnType<typeof prepareAttempt> {
  try {
    return await prepareAttempt(
      argument,
      { temporalRunId: context.info.workflowExecution?.runId ?? '', attempt: context.info.attempt },
      mirror,
    );
  } catch (error) {
    throw isPlatformError(error)
      ? toFailure(error, error.retryable ? { isFinal: false, delayMs: PAUSE_AFTER_OUTAGE_MS } : { isFinal: true })
      : error;
  }
}

/** Fires when Temporal has given the attempt to somebody else. */
function watchOvertaking(context: Context): AbortSignal {
  const overtaken = new AbortController();
  context.cancelled.catch(() => {
    const why = context.cancellationDetails;
    if (why?.notFound === true || why?.timedOut === true) overtaken.abort();
  });
  return overtaken.signal;
}

/**
 * The one way in which actions run: load and freeze the input → secrets → parse → heartbeat and cancellation → handler →
 * parse → record → map errors.
 */
export const wrapAction =
  (
    contract: ActionContract,
    handler: ActionHandler<never, unknown>,
    { mirror, secrets, log: base, heartbeatMs = 1_000 }: WrapperPorts,
  ) =>
  async (argument: StepArgument): Promise<StepReport> => {
    const context = Context.current();
    const log = base.child({ runId: argument.runId, stepId: argument.stepId, attempt: context.info.attempt });
    const stopHeartbeat = startHeartbeat(context, heartbeatMs);
    try {
      const prepared = await prepare(argument, context, mirror);
      if ('report' in prepared) return prepared.report;
      const { ready } = prepared;
      const masks = new Map<string, string>();
      const ending: AttemptEnding = {
        mirror,
        attempt: ready,
        iteration: argument.iteration,
        secrets: masks,
        overtaken: watchOvertaking(context),
      };
      let kept: ReturnType<typeof toKeptOutput>;
      try {
        if (ready.error !== undefined) throw ready.error;
        const { input, used } = await addSecrets(ready.frozenInput, {
          workspaceId: ready.workspaceId,
          places: ready.needed.secrets,
          secrets,
        });
        for (const secret of used) masks.set(secret.name, secret.value);
        kept = toKeptOutput(
          await perform({ contract, handler, ready, argument, log, signal: context.cancellationSignal }, input, used),
          masks,
        );
      } catch (error) {
        throw await endAttempt(error, context, ending, log);
      }
      return await endWell(kept, ending);
    } finally {
      stopHeartbeat();
    }
  };
