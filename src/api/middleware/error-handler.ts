import { ERRORS, type PlatformError } from '@durabase/contracts';
import type { ErrorRequestHandler, Response } from 'express';
import type { Log } from '../../ports/log.ts';
import { logProblem, toPlatformError, toProblemBody } from '../problems.ts';
import { factsOf } from '../request-facts.ts';

/** The one place where an error becomes an answer. */
export const createErrorHandler =
  ({ log }: { readonly log: Log }): ErrorRequestHandler =>
  (thrown: unknown, request, response, _next) => {
    const error = toPlatformError(thrown);
    const facts = factsOf(response);
    facts.code = error.code;
    logProblem(log, { error, requestId: facts.requestId, route: facts.route });
    if (response.headersSent) {
      response.destroy(); // half an answer must not look like a whole one
      return;
    }
    const body = toProblemBody(error, facts.requestId);
    setHeaders(response, { error, hasToken: request.get('authorization') !== undefined });
    response.statusCode = body.status;
    response.end(JSON.stringify(body));
  };

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
