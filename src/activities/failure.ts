import { isPlatformError, type JsonObject, PlatformError } from '@durabase/contracts';
import { ApplicationFailure } from '@temporalio/common';
import type { StoredError } from '../workflows/run-task.messages.ts';

/** How an error of a handler is stored and shown. */
export function toStoredError(error: unknown, stepId?: string): StoredError {
  const step = stepId === undefined ? {} : { stepId };
  if (!isPlatformError(error)) {
    return {
      code: 'STEP_FAILED',
      message: error instanceof Error ? error.message.slice(0, 2_000) : 'the action threw something that is no error',
      ...step,
    };
  }
  const { hint, data } = error.details;
  return {
    code: error.code,
    message: error.message.slice(0, 2_000),
    ...step,
    ...(hint === undefined ? {} : { hint }),
    ...(data === undefined ? {} : { data: data as JsonObject }),
  };
}

/** The one place that makes failures for Temporal. The type is the code, which workflows and retries go by. */
export const toFailure = (
  error: Pick<StoredError, 'code' | 'message'>,
  options: { readonly isFinal: true } | { readonly isFinal: false; readonly delayMs: number },
): ApplicationFailure =>
  ApplicationFailure.create({
    type: error.code,
    message: error.message,
    nonRetryable: options.isFinal,
    ...(options.isFinal ? {} : { nextRetryDelay: options.delayMs }),
  });

/** Errors of the engine's own activities: a refusal is final, everything else (the database is away) is tried again. */
export const translateBookkeeping =
  <Request, Answer>(activity: (request: Request) => Promise<Answer>) =>
  async (request: Request): Promise<Answer> => {
    try {
      return await activity(request);
    } catch (error) {
      if (!isPlatformError(error)) throw error;
      throw ApplicationFailure.create({ type: error.code, message: error.message, nonRetryable: !error.retryable, cause: error });
    }
  };

/** For callers that overtook each other: nothing that this execution does counts any more. */
export const staleFailure = (reason: string | undefined): ApplicationFailure =>
  toFailure(new PlatformError('STALE_EXECUTION', { message: reason ?? 'another execution owns this run' }), { isFinal: true });
