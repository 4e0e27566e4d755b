import type { RequestHandler } from 'express';
import type { Log } from '../../ports/log.ts';
import type { HttpMetrics } from '../metrics.ts';
import { factsOf } from '../request-facts.ts';

/** One line and one observation per request. The route stands for the path: paths may hold ids and one-time tokens. */
export const createAccessLog =
  ({ log, metrics }: { readonly log: Log; readonly metrics: HttpMetrics }): RequestHandler =>
  (request, response, next) => {
    response.once('close', () => {
      const { requestId, startedMs, route, code } = factsOf(response);
      const durationMs = Math.round((performance.now() - startedMs) * 10) / 10;
      const status = response.writableFinished ? response.statusCode : 499; // the caller went away
      metrics.observe({ method: request.method, route, status, durationMs });
      log.info('http.answered', {
        requestId,
        method: request.method,
        route,
        status,
        durationMs,
        ...(code === undefined ? {} : { code }),
      });
    });
    next();
  };
