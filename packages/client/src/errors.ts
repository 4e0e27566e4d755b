import { ERRORS, type ErrorCode, isErrorCode } from '@durabase/contracts/errors';
import type { Run } from '@durabase/contracts/api/run';

/** Codes that only this package gives; all others are of the table in `@durabase/contracts`. */
const CLIENT_ERRORS = {
  NO_ACCESS: { retryable: false, title: 'This is not visible to you, or no longer' },
  SIGNED_OUT: { retryable: false, title: 'Nobody is signed in any more' },
  UNREACHABLE: { retryable: true, title: 'Supabase cannot be reached' },
  NOT_INSTALLED: { retryable: false, title: 'Durabase is not installed in this Supabase project, or is of another version' },
  CLOSED: { retryable: false, title: 'This client was closed' },
} as const;

/** A code that only this package gives. */
export type ClientErrorCode = keyof typeof CLIENT_ERRORS;

/**
 * What an error is, for programs. The known ones are listed by the type; a newer server may send others, so a `switch` over
 * codes needs a `default`.
 */
export type DurabaseErrorCode = ErrorCode | ClientErrorCode | (string & {});

/** What goes with an error beside its code. */
export interface DurabaseErrorDetails {
  /** What happened, with which value. Default: the title of the code. */
  readonly message?: string | undefined;
  /** What to do next. */
  readonly hint?: string | undefined;
  /** Which argument is meant, such as `input`. */
  readonly path?: string | undefined;
  readonly cause?: unknown;
}

const factsOf = (code: string): { readonly title: string; readonly retryable: boolean } => {
  if (isErrorCode(code)) return ERRORS[code];
  if (Object.hasOwn(CLIENT_ERRORS, code)) return CLIENT_ERRORS[code as ClientErrorCode];
  return { title: code, retryable: false };
};

/**
 * Every error that this package throws on purpose.
 *
 * @example
 * try {
 *   await durabase.start('daily-report');
 * } catch (error) {
 *   if (isDurabaseError(error) && error.code === 'TASK_NOT_READY') showDraft();
 *   else throw error;
 * }
 */
export class DurabaseError extends Error {
  override readonly name: string = 'DurabaseError';
  /** What happened, for programs. */
  readonly code: DurabaseErrorCode;
  /** Whether the same call can succeed later without anybody changing anything. */
  readonly retryable: boolean;
  /** What to do next; undefined: nothing is known that would help. */
  readonly hint: string | undefined;
  /** Which argument is meant; undefined: none in particular. */
  readonly path: string | undefined;

  constructor(code: DurabaseErrorCode, { message, hint, path, cause }: DurabaseErrorDetails = {}) {
    const { title, retryable } = factsOf(code);
    super(message ?? title, cause === undefined ? undefined : { cause });
    this.code = code;
    this.retryable = retryable;
    this.hint = hint;
    this.path = path;
  }
}

/**
 * A run that was awaited did not complete: it failed, timed out, was cancelled, skipped or expired. `code` is that of the
 * run's own error, such as `STEP_FAILED`, `RUN_CANCELLED` or `DEADLINE_EXCEEDED`.
 */
export class RunFailedError extends DurabaseError {
  override readonly name = 'RunFailedError';
  /** The run as it ended. */
  readonly run: Run;

  constructor(run: Run) {
    const { code, message } = readRunError(run);
    super(code, { message: `run ${run.id} ended as ${run.state}${message === undefined ? '' : `: ${message}`}` });
    this.run = run;
  }
}

/** Codes for runs that ended without an error of their own. */
const CODE_OF_STATE: Readonly<Partial<Record<Run['state'], ErrorCode>>> = {
  timed_out: 'DEADLINE_EXCEEDED',
  cancelled: 'RUN_CANCELLED',
  expired: 'RUN_EXPIRED',
};

const readRunError = ({ error, state }: Run): { readonly code: string; readonly message: string | undefined } => {
  const { code, message } = typeof error === 'object' && error !== null && !Array.isArray(error) ? (error as RunErrorBody) : {};
  return {
    code: typeof code === 'string' ? code : (CODE_OF_STATE[state] ?? 'WORKFLOW_FAILED'),
    message: typeof message === 'string' ? message : undefined,
  };
};

interface RunErrorBody {
  readonly code?: unknown;
  readonly message?: unknown;
}

/** Whether a call was refused for want of an identity: nobody is signed in, or the token has expired. */
export const isIdentityError = (error: unknown): boolean =>
  isDurabaseError(error) && (error.code === 'UNAUTHENTICATED' || error.code === 'TOKEN_EXPIRED');

/** Whether something caught is an error of this package; holds across copies of the package. */
export const isDurabaseError = (error: unknown): error is DurabaseError =>
  error instanceof Error && (error.name === 'DurabaseError' || error.name === 'RunFailedError');

/** Whether something caught says that an awaited run did not complete; holds across copies of the package. */
export const isRunFailedError = (error: unknown): error is RunFailedError =>
  error instanceof Error && error.name === 'RunFailedError';
