import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/workflow';
import { isErrorCode } from '@durabase/contracts/errors';
import type { StoredError } from './run-task.messages.ts';

/** What a failed step says of itself; the workflow knows no more than its failure. */
export function toStoredError(error: unknown): StoredError {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  if (cause instanceof ApplicationFailure && isErrorCode(cause.type)) return { code: cause.type, message: cause.message };
  if (error instanceof ActivityFailure) {
    if (cause instanceof TimeoutFailure)
      return { code: 'STEP_TIMED_OUT', message: `${error.activityType}: no attempt succeeded in time` };
    return { code: 'STEP_FAILED', message: error.cause?.message ?? error.message };
  }
  return { code: 'WORKFLOW_FAILED', message: error instanceof Error ? error.message : 'unknown' };
}
