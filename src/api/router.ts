import { PlatformError } from '@durabase/contracts';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { RoutePorts } from './create-route-ports.ts';
import type { Authenticate } from './middleware/authenticate.ts';
import { readBody, refuseBody } from './middleware/read-body.ts';
import { readIdempotencyKey } from './read-idempotency-key.ts';
import { readQuery } from './read-query.ts';
import { factsOf } from './request-facts.ts';
import type { Answer, Route } from './route.ts';
import { checkScopes } from './scopes.ts';
import { prefersStream } from './streams/prefers-stream.ts';
import { readLastEventId } from './streams/read-last-event-id.ts';

export interface RouterOptions {
  readonly routes: readonly Route[];
  readonly authenticate: Authenticate;
  readonly ports: RoutePorts;
}

/**
 * Deny by default: a request reaches a handler only by the exact path and method of a declared route, and only through the
 * access that the route itself names. No spelling of a path can reach a handler beside its access.
 */
export function createRouter({ routes, authenticate, ports }: RouterOptions): Router {
  const router = Router({ caseSensitive: true, strict: true });
  for (const [path, ofPath] of Map.groupBy(routes, (route) => route.path)) {
    router.all(path, createDispatch({ routes: ofPath, authenticate, ports }));
  }
  return router;
}

/** The last one in the line: nothing answered. */
export const refuseUnknownRoute: RequestHandler = (request) => {
  throw new PlatformError('ROUTE_NOT_FOUND', {
    message: `there is no route ${JSON.stringify(request.path.slice(0, 200))}`,
    hint: 'paths are case-sensitive and end without a slash; the API is below /api/v1',
  });
};

function createDispatch({ routes, authenticate, ports }: RouterOptions): RequestHandler {
  const byMethod = new Map(routes.map((route) => [String(route.method), route]));
  const allowed = [...byMethod.keys()].sort().join(', ');
  return async (request, response) => {
    const route = byMethod.get(request.method);
    factsOf(response).route = routes[0]?.path ?? 'none';
    if (route === undefined) {
      response.setHeader('Allow', allowed);
      throw new PlatformError('METHOD_NOT_ALLOWED', {
        message: `${request.method} is not possible here`,
        hint: `possible: ${allowed}`,
      });
    }
    const caller = route.access === 'caller' ? await authenticate(request) : undefined;
    if (caller?.scopes !== undefined) checkScopes(route, caller.scopes);
    const identity = caller?.identity;
    const query = readQuery(request);
    const idempotencyKey = route.takesIdempotencyKey ? readIdempotencyKey(request) : undefined;
    const stream = chooseStream(route, request, response);
    const lastEventId = stream === undefined ? undefined : readLastEventId(request);
    const body = await readBodyOf(route, request, response);
    const call = { params: request.params, query, body, identity, idempotencyKey, lastEventId };
    if (stream !== undefined && identity !== undefined) await ports.streams.serve(response, { source: stream(call), identity });
    else send(response, await route.handler(call, ports));
  };
}

function chooseStream({ stream }: Route, request: Request, response: Response): Route['stream'] {
  if (stream === undefined) return undefined;
  response.setHeader('Vary', 'Accept');
  return prefersStream(request) ? stream : undefined;
}

const readBodyOf = async (route: Route, request: Request, response: Response) => {
  if (route.body !== undefined) return readBody(request, response);
  refuseBody(request);
  return undefined;
};

function send(response: Response, { status, headers = {}, body, contentType }: Answer): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.setHeader('Content-Type', contentType ?? 'application/json; charset=utf-8');
  response.end(contentType === undefined ? JSON.stringify(body) : String(body));
}
