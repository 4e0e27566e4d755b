import { createClient, type RealtimeClientOptions, type SupabaseClient } from '@supabase/supabase-js';
import { SignJWT } from 'jose';
import { createDurabase, type Durabase, type Timing } from '../../../packages/client/src/index.ts';
import type { Endpoint } from './endpoint.ts';

/** Somebody with a client of his own. */
export interface Person {
  readonly durabase: Durabase;
  readonly supabase: SupabaseClient;
  /** How often each function, or table, was asked for over HTTP. */
  readonly requests: Map<string, number>;
}

export interface PersonOptions {
  /** The address under which he finds Supabase. @default the endpoint itself */
  readonly url?: string;
  readonly timing?: Timing;
  /** How long each of his tokens is good; a new one is made when half of it has passed. @default an hour */
  readonly tokenLifeSeconds?: number;
  readonly heartbeatMs?: number;
  /** Where his sockets go instead. */
  readonly realtimeUrl?: string;
}

export const createPerson = (endpoint: Endpoint, userId: string, options: PersonOptions = {}): Person => {
  const { url = endpoint.url, timing, heartbeatMs, realtimeUrl } = options;
  const requests = new Map<string, number>();
  const supabase = createClient(url, endpoint.publishableKey, {
    auth: { persistSession: false },
    global: { fetch: countRequests(requests) },
    accessToken: createTokens(userId, endpoint.jwtSecret, options),
    realtime: {
      ...(heartbeatMs === undefined ? {} : { heartbeatIntervalMs: heartbeatMs }),
      ...(realtimeUrl === undefined ? {} : { transport: socketTo(realtimeUrl) }),
    },
  });
  return { durabase: createDurabase({ supabase, timing }), supabase, requests };
};

const countRequests =
  (requests: Map<string, number>): typeof fetch =>
  (input, init) => {
    const address = input instanceof Request ? input.url : input.toString();
    const name = new URL(address).pathname.split('/').at(-1) ?? '';
    requests.set(name, (requests.get(name) ?? 0) + 1);
    return fetch(input, init);
  };

/** Goes to another address than it is told. */
const socketTo = (url: string): NonNullable<RealtimeClientOptions['transport']> => {
  class SocketElsewhere extends WebSocket {
    constructor() {
      super(url);
    }
  }
  return SocketElsewhere as unknown as NonNullable<RealtimeClientOptions['transport']>;
};

/** Tokens as Auth gives them; a new one when half of the life of the last one has passed. */
export const createTokens = (
  userId: string,
  jwtSecret: string,
  { tokenLifeSeconds = 3_600 }: PersonOptions = {},
): (() => Promise<string>) => {
  let token = Promise.resolve('');
  let renewAtMs = 0;
  return () => {
    if (Date.now() < renewAtMs) return token;
    renewAtMs = Date.now() + (tokenLifeSeconds * 1_000) / 2;
    const iat = Math.floor(Date.now() / 1_000);
    token = new SignJWT({ sub: userId, role: 'authenticated', aud: 'authenticated', iat, exp: iat + tokenLifeSeconds })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(jwtSecret));
    return token;
  };
};
