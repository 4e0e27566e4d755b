import { type ErrorDetails, isErrorCode, PlatformError } from '@durabase/contracts';

/** What Postgres, or the driver, says of a failed statement. */
export interface SqlError {
  readonly code?: string | undefined;
  readonly message: string;
  readonly detail?: string | undefined;
  readonly hint?: string | undefined;
}

/** Connection exceptions, server shutting down, too many connections, disk full. */
const UNAVAILABLE_SQLSTATE = /^(?:08...|57P0[1-5]|53...|25006)$/;
const UNAVAILABLE_MESSAGE =
  /ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|not queryable/;

/** Whether the database is away rather than unwilling. */
export const isUnavailable = (error: SqlError): boolean =>
  (error.code !== undefined && UNAVAILABLE_SQLSTATE.test(error.code)) ||
  UNAVAILABLE_MESSAGE.test(`${error.code ?? ''} ${error.message}`);

/** Deadlock and serialization failure: the same statement can succeed at once. */
export const isConflict = (error: unknown): boolean =>
  error instanceof PlatformError && ['40P01', '40001'].includes(String(error.details.data?.['sqlstate']));

const readDetail = (detail: string | undefined): { code?: unknown; path?: unknown; retryAfterMs?: unknown } => {
  try {
    const parsed: unknown = JSON.parse(detail ?? '{}');
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {}; // a detail of Postgres itself: its own text is not for callers
  }
};

/** The border between SQL and the rest: every error of a statement becomes a PlatformError here. */
export function fromSqlError(error: SqlError): PlatformError {
  if (isUnavailable(error)) {
    return new PlatformError('DATABASE_UNAVAILABLE', { retryAfterMs: 2_000, cause: error });
  }
  const { code, path, retryAfterMs } = readDetail(error.detail);
  if (error.code?.startsWith('PT') === true && isErrorCode(code)) {
    const details: ErrorDetails = {
      message: error.message,
      ...(error.hint ? { hint: error.hint } : {}),
      ...(typeof path === 'string' ? { path } : {}),
      ...(typeof retryAfterMs === 'number' ? { retryAfterMs } : {}),
    };
    return new PlatformError(code, details);
  }
  if (error.code === '42501') return new PlatformError('FORBIDDEN', { cause: error });
  if (error.code === '22P05' || error.code === '22021') {
    return new PlatformError('INVALID_STRING', { hint: 'leave out NUL characters and lone surrogates', cause: error });
  }
  return new PlatformError('INTERNAL', { cause: error, data: { sqlstate: error.code ?? '' } });
}
