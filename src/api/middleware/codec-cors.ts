import type { RequestHandler } from 'express';

const PATHS: ReadonlySet<string> = new Set(['/api/v1/codec/decode', '/api/v1/codec/encode']);
/** What Temporal's Web UI sends. */
const HEADERS = 'authorization, authorization-extras, content-type, x-namespace';
const TEN_MINUTES = '600';

/**
 * Lets pages of Temporal's Web UI read what the codec answers. Without credentials in the sense of browsers: cookies say nothing here,
 * tokens stand in a header.
 */
export function createCodecCors({ origins }: { readonly origins: readonly string[] }): RequestHandler {
  const known = new Set(origins);
  return (request, response, next) => {
    if (!PATHS.has(request.path)) return next();
    response.vary('Origin');
    const origin = request.get('origin');
    if (origin === undefined || !known.has(origin)) return next();
    response.setHeader('Access-Control-Allow-Origin', origin);
    if (request.method !== 'OPTIONS' || request.get('access-control-request-method') === undefined) return next();
    response.setHeader('Access-Control-Allow-Methods', 'POST');
    response.setHeader('Access-Control-Allow-Headers', HEADERS);
    response.setHeader('Access-Control-Max-Age', TEN_MINUTES);
    response.status(204).end();
  };
}
