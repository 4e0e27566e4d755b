import { z } from 'zod';
import type { Json } from '@durabase/contracts';
import type { Identity } from '../ports/db.ts';
import type { RoutePorts } from './create-route-ports.ts';
import { parsePart } from './parse-part.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS';

/** What a request brought, before it was checked by the schemas of its route. */
export interface RawCall {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: Json | undefined;
  readonly identity: Identity | undefined;
  readonly idempotencyKey: string | undefined;
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
  readonly handler: (call: RawCall, ports: RoutePorts) => Promise<Answer>;
}

type None = z.ZodObject<Record<never, never>, z.core.$strict>;
const none: None = z.strictObject({});

interface Call<Params extends z.ZodType, Query extends z.ZodType, Body extends z.ZodType, Caller> {
  readonly params: z.output<Params>;
  readonly query: z.output<Query>;
  readonly body: z.output<Body>;
  readonly identity: Caller;
  readonly idempotencyKey: string | undefined;
}

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
  readonly handler: (
    call: Call<Params, Query, Body, Access extends 'caller' ? Identity : undefined>,
    ports: RoutePorts,
  ) => Promise<Answer>;
}

/** Makes a route of its draft: the handler sees only what its own schemas have let through. */
export function defineRoute<
  Access extends Route['access'],
  Params extends z.ZodType = None,
  Query extends z.ZodType = None,
  Body extends z.ZodType = z.ZodUndefined,
>(draft: RouteDraft<Params, Query, Body, Access>): Route {
  const { params = none, query = none, body, takesIdempotencyKey = false, handler, ...rest } = draft;
  return {
    ...rest,
    params,
    query,
    body,
    takesIdempotencyKey,
    handler: async (raw, ports) =>
      handler(
        {
          // The defaults above are what the type parameters default to, which the compiler cannot see.
          params: parsePart(params, raw.params) as z.output<Params>,
          query: parsePart(query, raw.query) as z.output<Query>,
          body: (body === undefined ? undefined : parsePart(body, raw.body)) as z.output<Body>,
          identity: raw.identity as Access extends 'caller' ? Identity : undefined,
          idempotencyKey: raw.idempotencyKey,
        },
        ports,
      ),
  };
}
