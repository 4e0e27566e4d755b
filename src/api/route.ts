import { z } from 'zod';
import type { ErrorCode, Json } from '@durabase/contracts';
import type { Identity } from '../ports/db.ts';
import type { RoutePorts } from './create-route-ports.ts';
import type { Conditions } from './entity-tags.ts';
import { parsePart } from './parse-part.ts';
import type { StreamSource } from './streams/stream-source.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS';

/** What a request brought, before it was checked by the schemas of its route. */
export interface RawCall {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: Json | undefined;
  readonly identity: Identity | undefined;
  readonly idempotencyKey: string | undefined;
  /** Where a stream that was cut off goes on. */
  readonly lastEventId: number | undefined;
  readonly conditions: Conditions;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON, or text of the given type. */
  readonly body: unknown;
  /** @default 'application/json; charset=utf-8' */
  readonly contentType?: string;
}

/** An endpoint as data: the router, the OpenAPI file and the matrix of rights are made from these. */
export interface Route {
  readonly method: Method;
  /** In Express's spelling: `/api/v1/tasks/:task`. */
  readonly path: string;
  readonly access: 'public' | 'caller';
  readonly summary: string;
  readonly params: z.ZodType;
  readonly query: z.ZodType;
  /** undefined: a body is refused. */
  readonly body: z.ZodType | undefined;
  readonly takesIdempotencyKey: boolean;
  /** Bodies of the good answers, by status. */
  readonly answers: Readonly<Record<number, z.ZodType>>;
  /** Whether its answer has an ETag (`read`), or it saves what has one (`write`). */
  readonly tag?: 'read' | 'write';
  /** Type of its answer where that is text and not JSON. */
  readonly answersText?: string;
  /** Codes with which only this route refuses: `openapi/refusals.ts` knows those that follow from its path and parts. */
  readonly refuses?: readonly ErrorCode[];
  readonly handler: (call: RawCall, ports: RoutePorts) => Promise<Answer>;
  /** What is streamed to a caller who prefers `text/event-stream`; undefined: JSON only. */
  readonly stream: ((call: RawCall) => StreamSource) | undefined;
}

type None = z.ZodObject<Record<never, never>, z.core.$strict>;
const none: None = z.strictObject({});

interface Call<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType, Caller> {
  readonly params: z.output<Params>;
  readonly query: z.output<Query>;
  readonly body: z.output<Body>;
  readonly identity: Caller;
  readonly idempotencyKey: string | undefined;
  readonly lastEventId: number | undefined;
  readonly conditions: Conditions;
}

type CallerOf<Access extends Route['access']> = Access extends 'caller' ? Identity : undefined;

interface RouteDraft<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType, Access extends Route['access']> {
  readonly method: Method;
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  readonly takesIdempotencyKey?: boolean;
  readonly answers: Readonly<Record<number, z.ZodType>>;
  readonly tag?: 'read' | 'write';
  readonly answersText?: string;
  readonly refuses?: readonly ErrorCode[];
  readonly handler: (call: Call<Params, Query, Body, CallerOf<Access>>, ports: RoutePorts) => Promise<Answer>;
  readonly stream?: (call: Call<Params, Query, Body, CallerOf<Access>>) => StreamSource;
}

/** Makes a route of its draft: the handler sees only what its own schemas have let through. */
export function defineRoute<
  Access extends Route['access'],
  Params extends z.ZodType = None,
  Query extends z.ZodType = None,
  Body extends z.ZodType = z.ZodUndefined,
>(draft: RouteDraft<Params, Query, Body, Access>): Route {
  const { params = none, query = none, body, takesIdempotencyKey = false, handler, stream, ...rest } = draft;
  // The defaults above are what the type parameters default to, which the compiler cannot see.
  const toCall = (raw: RawCall): Call<Params, Query, Body, CallerOf<Access>> => ({
    params: parsePart(params, raw.params) as z.output<Params>,
    query: parsePart(query, raw.query) as z.output<Query>,
    body: (body === undefined ? undefined : parsePart(body, raw.body)) as z.output<Body>,
    identity: raw.identity as CallerOf<Access>,
    idempotencyKey: raw.idempotencyKey,
    lastEventId: raw.lastEventId,
    conditions: raw.conditions,
  });
  return {
    ...rest,
    params,
    query,
    body,
    takesIdempotencyKey,
    handler: async (raw, ports) => handler(toCall(raw), ports),
    stream: stream && ((raw) => stream(toCall(raw))),
  };
}
