import type { ErrorCode } from '@durabase/contracts';
import type { Response } from 'express';

/** What is known of a request while it is answered, for logs and metrics. */
export interface RequestFacts {
  readonly requestId: string;
  readonly startedMs: number;
  /** Path of the route, parameters unfilled; set by the router. */
  route: string;
  /** Why it was refused, or its stream ended; set by the error handler. */
  code: ErrorCode | undefined;
  /** Set when the answer is a stream: how long that is open says nothing of how fast we are. */
  stream: StreamFacts | undefined;
}

export interface StreamFacts {
  readonly openedMs: number;
  /** @default the client went away */
  end: StreamEnd | undefined;
}

/** Why a stream ended: nothing will follow; the client went away; it took nothing; it may not have more; this process ends. */
export type StreamEnd = 'over' | 'gone' | 'stalled' | 'refused' | 'draining';

/** Typed, unlike `response.locals`. */
const factsByResponse = new WeakMap<Response, RequestFacts>();

export const noteFacts = (response: Response, facts: RequestFacts): void => void factsByResponse.set(response, facts);

export function factsOf(response: Response): RequestFacts {
  const facts = factsByResponse.get(response);
  if (facts === undefined) throw new Error('the request-id middleware must stand before everything else');
  return facts;
}
