import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { SignJWT, type JWTPayload } from 'jose';
import {
  freePorts,
  startSupabase,
  type SupabaseEndpoint,
  type SupabaseOptions,
} from '../../../packages/local-stack/src/index.ts';
import { useDatabase, type UsedDatabase } from '../../support/use-database.ts';
import { openRawSocket, type RawSocket } from './raw-socket.ts';

export interface TokenOptions {
  readonly claims?: JWTPayload;
  /** Seconds from now. @default 3600 */
  readonly lifeSeconds?: number;
  readonly secret?: string;
  readonly withoutClaims?: readonly string[];
}

/** The endpoint for the tests of one file, on a database of its own with the tables of `schema.sql`. */
export interface UsedRealtime {
  readonly db: UsedDatabase;
  readonly url: string;
  readonly publishableKey: string;
  readonly secretKey: string;
  readonly log: readonly string[];
  /** A token of somebody who is signed in. */
  token(userId: string, options?: TokenOptions): Promise<string>;
  /** supabase-js as this user; without one, with nothing but the publishable key. */
  client(userId?: string, options?: TokenOptions): Promise<SupabaseClient>;
  raw(options?: { readonly vsn?: string; readonly apikey?: string }): Promise<RawSocket>;
  addMember(room: string, userId: string, rights?: { readonly maySend?: boolean; readonly mayShow?: boolean }): Promise<void>;
  removeMember(room: string, userId: string): Promise<void>;
  /** As a function of the application would. */
  send(topic: string, event: string, payload: unknown, isPrivate?: boolean): Promise<void>;
  stop(): Promise<void>;
  restart(options?: Partial<SupabaseOptions>): Promise<void>;
}

const SCHEMA = readFileSync(join(import.meta.dirname, 'schema.sql'), 'utf8');
/** What the stack runs after its migrations. */
const AFTER = readFileSync(join(import.meta.dirname, '../../../packages/local-stack/sql/after.sql'), 'utf8');

/** Call it at the top of a file. */
export const useRealtime = (options: Partial<SupabaseOptions> = {}): UsedRealtime => {
  const db = useDatabase();
  const keys = {
    jwtSecret: randomBytes(32).toString('hex'),
    publishableKey: `sb_publishable_${randomBytes(12).toString('hex')}`,
    secretKey: `sb_secret_${randomBytes(12).toString('hex')}`,
  };
  const log: string[] = [];
  const clients: SupabaseClient[] = [];
  const sockets: RawSocket[] = [];
  let endpoint: SupabaseEndpoint | undefined;
  const read = (): SupabaseEndpoint => {
    if (endpoint === undefined) throw new Error('the endpoint is there from beforeAll on');
    return endpoint;
  };
  const start = async (changes: Partial<SupabaseOptions> = {}): Promise<void> => {
    const [port = 0] = await freePorts(1);
    endpoint = await startSupabase({
      databaseUrl: db.urls.liteUrl,
      realtimeDatabaseUrl: db.urls.realtimeUrl,
      port,
      ...keys,
      log: (text) => log.push(text),
      ...options,
      ...changes,
    });
  };
  const stop = async (): Promise<void> => {
    await endpoint?.close();
    endpoint = undefined;
  };
  beforeAll(async () => {
    await db.owner.query(SCHEMA);
    await db.owner.query(AFTER);
    await start();
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.removeAllChannels()));
    for (const client of clients) await client.realtime.disconnect();
    for (const socket of sockets) socket.terminate();
    await stop();
  });
  const token: UsedRealtime['token'] = (
    userId,
    { claims = {}, lifeSeconds = 3_600, secret = keys.jwtSecret, withoutClaims = [] } = {},
  ) => {
    const nowSeconds = Math.floor(Date.now() / 1_000);
    const all = {
      sub: userId,
      role: 'authenticated',
      aud: 'authenticated',
      iat: nowSeconds,
      exp: nowSeconds + lifeSeconds,
      ...claims,
    };
    const kept = Object.fromEntries(Object.entries(all).filter(([name]) => !withoutClaims.includes(name)));
    return new SignJWT(kept).setProtectedHeader({ alg: 'HS256' }).sign(new TextEncoder().encode(secret));
  };
  return {
    db,
    ...keys,
    log,
    token,
    get url() {
      return read().url;
    },
    client: async (userId, tokenOptions) => {
      const own = userId === undefined ? undefined : await token(userId, tokenOptions);
      const client = createClient(read().url, keys.publishableKey, {
        auth: { persistSession: false, autoRefreshToken: false },
        ...(own === undefined ? {} : { accessToken: async () => own }),
      });
      clients.push(client);
      await client.realtime.setAuth();
      return client;
    },
    raw: async ({ vsn = '2.0.0', apikey = keys.publishableKey } = {}) => {
      const socket = await openRawSocket(`${read().url.replace('http', 'ws')}/realtime/v1/websocket?apikey=${apikey}&vsn=${vsn}`);
      sockets.push(socket);
      return socket;
    },
    addMember: async (room, userId, { maySend = false, mayShow = false } = {}) => {
      await db.owner.query('insert into public.members values ($1, $2, $3, $4)', [room, userId, maySend, mayShow]);
    },
    removeMember: async (room, userId) => {
      await db.owner.query('delete from public.members where room = $1 and user_id = $2', [room, userId]);
    },
    send: async (topic, event, payload, isPrivate = true) => {
      await db.owner.query('select realtime.send($1, $2, $3, $4)', [JSON.stringify(payload), event, topic, isPrivate]);
    },
    stop,
    restart: async (changes) => {
      await stop();
      await start(changes);
    },
  };
};

/** Somebody, known to nobody yet. */
export const newUser = (): string => randomUUID();
