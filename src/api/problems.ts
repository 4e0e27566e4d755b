import { ERRORS, isPlatformError, PlatformError } from '@durabase/contracts';
import type { ProblemBody } from '@durabase/contracts/api/problem-body';
import type { Log } from '../ports/log.ts';

/** Whatever was thrown, as an error of the table. */
export function toPlatformError(thrown: unknown): PlatformError {
  if (isPlatformError(thrown)) return thrown;
  if (thrown instanceof URIError) {
    return new PlatformError('INVALID_REQUEST', { message: 'the path is not properly percent-encoded', cause: thrown });
  }
  return new PlatformError('INTERNAL', { cause: thrown });
}

/** What a caller is told; of INTERNAL errors nothing but that there was one. */
export function toProblemBody(error: PlatformError, requestId: string): ProblemBody {
  const { status, title } = ERRORS[error.code];
  const base = { type: `urn:durabase:error:${error.code}`, title, status, code: error.code, requestId };
  if (error.code === 'INTERNAL') {
    return { ...base, detail: title, hint: 'try again; if it stays, give the requestId to whoever runs this instance' };
  }
  const { path, hint, problems } = error.details;
  return {
    ...base,
    detail: error.message,
    ...(path === undefined ? {} : { path }),
    ...(hint === undefined ? {} : { hint }),
    ...(problems === undefined ? {} : { problems: problems.map((problem) => ({ ...problem })) }),
  };
}

export function logProblem(
  log: Log,
  { error, requestId, route }: { readonly error: PlatformError; readonly requestId: string; readonly route: string },
): void {
  if (ERRORS[error.code].status < 500) return; // the access log has its code
  const { cause } = error;
  const fields = { requestId, route, code: error.code, reason: cause instanceof Error ? cause.message : error.message };
  if (error.code === 'INTERNAL')
    log.error('http.failed', { ...fields, stack: error.stack, causeStack: cause instanceof Error ? cause.stack : undefined });
  else log.warn('http.unavailable', fields);
}
