import type { RequestHandler } from 'express';
import type { Log } from '../../ports/log.ts';
import type { HttpMetrics } from '../metrics.ts';
import { factsOf } from '../request-facts.ts';

/** One line and one observation per request. The route stands for the path: paths may hold ids and one-time tokens. */
export const createAccessLog =
  ({ log, metrics }: { readonly log: Log; readonly metrics: HttpMetrics }): RequestHandler =>
  (request, response, next) => {
    response.once('close', () => {
      const { requestId, startedMs, route, code, stream } = factsOf(response);
      const isWhole = response.writableFinished || stream !== undefined; // clients leave streams as they like
      const status = isWhole ? response.statusCode : 499; // the caller went away
      const endedMs = performance.now();
      const durationMs = roundMs((stream?.openedMs ?? endedMs) - startedMs);
      metrics.observe({ method: request.method, route, status, durationMs });
      log.info('http.answered', {
        requestId,
        method: request.method,
        route,
        status,
        durationMs,
        ...(code === undefined ? {} : { code }),
        ...(stream === undefined ? {} : { openMs: roundMs(endedMs - stream.openedMs), ended: stream.end ?? 'gone' }),
      });
    });
    next();
  };

const roundMs = (ms: number): number => Math.round(ms * 10) / 10;
