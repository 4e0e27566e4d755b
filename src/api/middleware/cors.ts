import type { RequestHandler } from 'express';

const HEADERS = 'authorization, apikey, content-type, idempotency-key, if-match, if-none-match, last-event-id, x-request-id';
const EXPOSED = 'etag, idempotency-replayed, location, retry-after, x-request-id';
const METHODS = 'GET, POST, PUT, PATCH, DELETE';
const TEN_MINUTES = '600';
const LOOPBACK = /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/;

export interface CorsOptions {
  /** Pages of these origins may read answers. */
  readonly origins: readonly string[];
  /** Pages of this machine may as well: the local stack. */
  readonly isLocal: boolean;
}

/**
 * Which pages may read what the API answers. Tokens stand in a header, so browsers are never asked to send cookies along; a page that
 * is not named here reads nothing, and what needs a preflight is not even sent.
 */
export function createCors({ origins, isLocal }: CorsOptions): RequestHandler {
  const known = new Set(origins);
  return (request, response, next) => {
    const origin = request.get('origin');
    if (!request.path.startsWith('/api/v1/') || (known.size === 0 && !isLocal)) return next();
    response.vary('Origin');
    if (origin === undefined || !(known.has(origin) || (isLocal && LOOPBACK.test(origin)))) return next();
    response.setHeader('Access-Control-Allow-Origin', origin);
    response.setHeader('Access-Control-Expose-Headers', EXPOSED);
    response.setHeader('Cross-Origin-Resource-Policy', 'cross-origin');
    if (request.method !== 'OPTIONS' || request.get('access-control-request-method') === undefined) return next();
    response.setHeader('Access-Control-Allow-Methods', METHODS);
    response.setHeader('Access-Control-Allow-Headers', HEADERS);
    response.setHeader('Access-Control-Max-Age', TEN_MINUTES);
    response.status(204).end();
  };
}
