import { PlatformError } from '@durabase/contracts';
import { type Request, type RequestHandler, type Response, Router } from 'express';
import type { RoutePorts } from './create-route-ports.ts';
import { type Conditions, isKnown } from './entity-tags.ts';
import { createEntrance } from './entrance.ts';
import type { Limits } from './limits/limits.ts';
import type { Authenticate } from './middleware/authenticate.ts';
import { readBody, refuseBody } from './middleware/read-body.ts';
import { readIdempotencyKey } from './read-idempotency-key.ts';
import { readQuery } from './read-query.ts';
import { factsOf } from './request-facts.ts';
import type { Answer, Route } from './route.ts';
import { prefersStream } from './streams/prefers-stream.ts';
import { readLastEventId } from './streams/read-last-event-id.ts';

export interface RouterOptions {
  readonly routes: readonly Route[];
  readonly authenticate: Authenticate;
  readonly limits: Limits;
  readonly ports: RoutePorts;
}

/**
 * Deny by default: a request reaches a handler only by the exact path and method of a declared route, and only through the
 * access that the route itself names. No spelling of a path can reach a handler beside its access.
 */
export function createRouter({ routes, ...rest }: RouterOptions): Router {
  const router = Router({ caseSensitive: true, strict: true });
  for (const [path, ofPath] of Map.groupBy(routes, (route) => route.path)) {
    router.all(path, createDispatch({ routes: ofPath, ...rest }));
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

const NO_CONDITIONS: Conditions = { ifMatch: undefined, ifNoneMatch: undefined };

function createDispatch({ routes, authenticate, limits, ports }: RouterOptions): RequestHandler {
  const letIn = createEntrance({ authenticate, limits });
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
    const identity = await letIn(route, request);
    const query = readQuery(request);
    const idempotencyKey = route.takesIdempotencyKey ? readIdempotencyKey(request) : undefined;
    const stream = chooseStream(route, request, response);
    const lastEventId = stream === undefined ? undefined : readLastEventId(request);
    const body = await readBodyOf(route, request, response);
    const conditions = { ifMatch: request.get('if-match'), ifNoneMatch: request.get('if-none-match') };
    const call = { params: request.params, query, body, identity, idempotencyKey, lastEventId, conditions };
    if (stream !== undefined && identity !== undefined) await ports.streams.serve(response, { source: stream(call), identity });
    else answer(response, await route.handler(call, ports), route.method === 'GET' ? conditions : NO_CONDITIONS);
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

/** What the caller has already is not sent again. */
function answer(response: Response, made: Answer, conditions: Conditions): void {
  if (!isKnown(made.headers?.['ETag'], conditions)) return send(response, made);
  response.statusCode = 304;
  for (const [name, value] of Object.entries(made.headers ?? {})) response.setHeader(name, value);
  response.end();
}

function send(response: Response, { status, headers = {}, body, contentType }: Answer): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.setHeader('Content-Type', contentType ?? 'application/json; charset=utf-8');
  response.end(contentType === undefined ? JSON.stringify(body) : String(body));
}
