import { isPlatformError, type Json, PlatformError } from '@durabase/contracts';
import { CancelledFailure } from '@temporalio/common';
import { judgeFailure } from '../domain/retry/judge-failure.ts';
import { maskText, maskValue } from '../domain/template/put-in-secrets.ts';
import { escapeUnstorable } from '../domain/unstorable.ts';
import type { EndAnswer, MirrorPort, StepEnd } from '../ports/mirror.ts';
import type { StepReport, StoredError } from '../workflows/run-task.messages.ts';
import { staleFailure, toFailure, toStoredError } from './failure.ts';
import type { PreparedAttempt } from './prepare-attempt.ts';
import { toStoredValue } from './stored-value.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/** How an attempt's end is written down. */
export interface AttemptEnding {
  readonly mirror: MirrorPort;
  readonly attempt: PreparedAttempt;
  readonly iteration: number;
  /** Values that may stand in nothing that is kept. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Fires when somebody else has the attempt, so that nothing is worth writing any more. */
  readonly overtaken: AbortSignal;
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
  });

/** The effect has happened, so its record is written however long the database is away; the heartbeat goes on meanwhile. */
async function persist(
  end: Omit<StepEnd, 'runId' | 'temporalRunId' | 'firstRunId' | 'stepId' | 'iteration' | 'attempt'>,
  ending: AttemptEnding,
): Promise<EndAnswer> {
  const { attempt, mirror, iteration, overtaken } = ending;
  for (let ms = FIRST_PAUSE_MS; ; ms = Math.min(ms * 2, LONGEST_PAUSE_MS)) {
    try {
      const answer = await mirror.endStep({
        ...attempt.writer,
        stepId: attempt.step.id,
        iteration,
        attempt: attempt.attempt,
        ...end,
      });
      if (answer.verdict === 'stale') throw staleFailure(answer.reason);
      return answer;
    } catch (error) {
      if (!isPlatformError(error) || error.code !== 'DATABASE_UNAVAILABLE' || overtaken.aborted) throw error;
      await pause(ms, overtaken);
    }
  }
}

/** Output of an attempt as it may be kept: without secrets, escaped, bounded. Throws OUTPUT_TOO_LARGE. */
export const toKeptOutput = (output: Json, secrets: ReadonlyMap<string, string>): KeptOutput =>
  toStoredValue(maskValue(output, secrets));
type KeptOutput = ReturnType<typeof toStoredValue>;

/** Keeps the output of a successful attempt. */
export async function endWell(stored: KeptOutput, ending: AttemptEnding): Promise<StepReport> {
  const answer = await persist({ state: 'completed', ...stored }, ending);
  if (answer.outputRef) return { state: 'completed', outputRef: answer.outputRef };
  return 'output' in stored ? { state: 'completed', output: stored.output } : { state: 'completed' };
}

/** Statuses with which a target says that it has not even begun. */
const SURELY_REFUSED: ReadonlySet<unknown> = new Set([425, 429, 503]);

/** Of a doubtful effect only a sure refusal may be repeated; where it cannot be told, the error says so. */
function asDoubtful(error: unknown): PlatformError {
  const message = error instanceof Error ? error.message : 'unknown';
  if (isPlatformError(error)) {
    if (!error.retryable || SURELY_REFUSED.has(error.details.data?.['status'])) return error;
  }
  return new PlatformError('EFFECT_DOUBTFUL', {
    message: `it cannot be told whether the effect happened: ${message}`,
    hint: 'look at the target, then retry the run from this step',
    cause: error,
  });
}

/** Keeps the failure of an attempt and returns what Temporal is told: when to try again, or that it is over. */
export async function endBadly(thrown: unknown, ending: AttemptEnding): Promise<Error> {
  const { attempt, secrets } = ending;
  const error = attempt.step.effect === 'doubtful' ? asDoubtful(thrown) : thrown;
  const stored: StoredError = escapeUnstorable(
    maskValue(toStoredError(error, attempt.step.id) as unknown as Json, secrets),
  ) as unknown as StoredError;
  const verdict = judgeFailure({
    policy: attempt.step.retry,
    failureCount: attempt.failureCount + 1,
    isRetryable: isPlatformError(error) ? error.retryable : true,
    retryAfterMs: isPlatformError(error) ? error.details.retryAfterMs : undefined,
  });
  await persist(
    verdict.isFinal
      ? { state: stored.code === 'STEP_TIMED_OUT' ? 'timed_out' : 'failed', error: stored as unknown as Json }
      : {
          state: 'retrying',
          error: stored as unknown as Json,
          nextAttemptAt: new Date(Date.now() + verdict.delayMs).toISOString(),
        },
    ending,
  );
  return toFailure({ code: stored.code, message: maskText(stored.message, secrets) }, verdict);
}

/** Keeps that the attempt was cancelled. */
export async function endCancelled(ending: AttemptEnding): Promise<Error> {
  await persist({ state: 'cancelled', error: { code: 'RUN_CANCELLED', message: 'cancelled while it ran' } }, ending);
  return new CancelledFailure('cancelled');
}
