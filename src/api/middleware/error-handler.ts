import { ERRORS, isPlatformError, PlatformError } from '@durabase/contracts';
import type { ProblemBody } from '@durabase/contracts/api/problem-body';
import type { ErrorRequestHandler, Response } from 'express';
import type { Log } from '../../ports/log.ts';
import { factsOf } from '../request-facts.ts';

/** The one place where an error becomes an answer. */
export const createErrorHandler =
  ({ log }: { readonly log: Log }): ErrorRequestHandler =>
  (thrown: unknown, request, response, _next) => {
    const error = toPlatformError(thrown);
    const facts = factsOf(response);
    facts.code = error.code;
    logError(log, { error, requestId: facts.requestId, route: facts.route });
    if (response.headersSent) {
      response.destroy(); // half an answer must not look like a whole one
      return;
    }
    const body = toProblemBody(error, facts.requestId);
    setHeaders(response, { error, hasToken: request.get('authorization') !== undefined });
    response.statusCode = body.status;
    response.end(JSON.stringify(body));
  };

function toPlatformError(thrown: unknown): PlatformError {
  if (isPlatformError(thrown)) return thrown;
  if (thrown instanceof URIError) {
    return new PlatformError('INVALID_REQUEST', { message: 'the path is not properly percent-encoded', cause: thrown });
  }
  return new PlatformError('INTERNAL', { cause: thrown });
}

function toProblemBody(error: PlatformError, requestId: string): ProblemBody {
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

function setHeaders(
  response: Response,
  { error, hasToken }: { readonly error: PlatformError; readonly hasToken: boolean },
): void {
  response.setHeader('Content-Type', 'application/problem+json; charset=utf-8');
  const { retryAfterMs } = error.details;
  if (retryAfterMs !== undefined) response.setHeader('Retry-After', String(Math.max(1, Math.ceil(retryAfterMs / 1_000))));
  if (ERRORS[error.code].status === 401) {
    const reason =
      error.code === 'TOKEN_EXPIRED'
        ? ', error="invalid_token", error_description="The token has expired"'
        : ', error="invalid_token"';
    response.setHeader('WWW-Authenticate', `Bearer realm="durabase"${hasToken ? reason : ''}`);
  }
  // The rest of a refused body is not worth reading.
  if (error.code === 'BODY_TOO_LARGE') response.setHeader('Connection', 'close');
}

function logError(
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
