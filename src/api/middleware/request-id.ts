import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';
import { noteFacts } from '../request-facts.ts';

/** Ids of other systems in front of us are kept, as long as they cannot break a log line. */
const ACCEPTED = /^[A-Za-z0-9][A-Za-z0-9._:=-]{7,99}$/;

/** Gives each request an id; the caller finds it in every answer, we in the log. */
export const createRequestId = (): RequestHandler => (request, response, next) => {
  const given = request.get('x-request-id');
  const requestId = given !== undefined && ACCEPTED.test(given) ? given : randomUUID();
  noteFacts(response, { requestId, startedMs: performance.now(), route: 'none', code: undefined, stream: undefined });
  response.setHeader('X-Request-Id', requestId);
  next();
};
