import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { createClient, type RealtimeClientOptions, type SupabaseClient } from '@supabase/supabase-js';
import { SignJWT } from 'jose';
import { createDurabase, type Durabase, type Timing } from '../../../packages/client/src/index.ts';
import { createDb } from '../../../src/platform/db/create-db.ts';
import { createFeeds } from '../../../src/platform/feeds/create-feeds.ts';
import type { Log } from '../../../src/ports/log.ts';
import { createSequencer } from '../../../src/sequencer/create-sequencer.ts';
import { startTcpProxy, type TcpProxy } from '../../api/support/tcp-proxy.ts';
import { createReadyTask, createWorkspace, type ReadyTask, type Workspace } from '../../support/build-rows.ts';
import { useDatabase, type UsedDatabase } from '../../support/use-database.ts';
import { type Endpoint, startEndpoint } from './endpoint.ts';
import { installWriters } from './writers.ts';

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

/** Postgres, a sequencer, and the Supabase endpoint in a process of its own, for the tests of one file. */
export interface UsedLive {
  readonly db: UsedDatabase;
  readonly endpoint: Endpoint;
  readonly workspace: Workspace;
  readonly task: ReadyTask;
  person(userId: string, options?: PersonOptions): Person;
  /** A network of its own between somebody and the endpoint. */
  network(): Promise<TcpProxy>;
}

const AFTER = readFileSync(join(import.meta.dirname, '../../../packages/local-stack/sql/after.sql'), 'utf8');
const ignore = (): void => undefined;
const silentLog: Log = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => silentLog };

interface Parts {
  readonly endpoint: Endpoint;
  readonly workspace: Workspace;
  readonly task: ReadyTask;
}

/** Call it at the top of a file. */
export const useLive = (): UsedLive => {
  const db = useDatabase();
  const closers: (() => Promise<unknown>)[] = [];
  let parts: Parts | undefined;
  const read = (): Parts => {
    if (parts === undefined) throw new Error('it is there from beforeAll on');
    return parts;
  };
  beforeAll(async () => {
    await db.owner.query(AFTER);
    await installWriters(db.owner);
    const endpoint = await startEndpoint(db.urls);
    closers.push(() => endpoint.close());
    const sequencerDb = createDb({ url: db.urls.engineUrl, applicationName: 'sequencer', log: silentLog });
    const sequencer = createSequencer({ feeds: createFeeds({ db: sequencerDb, workerId: 'test' }), log: silentLog });
    closers.push(() => sequencerDb.close());
    closers.push(() => sequencer.stop());
    const workspace = await createWorkspace(db.owner);
    parts = { endpoint, workspace, task: await createReadyTask(db.owner, workspace.id) };
  }, 60_000);
  afterAll(async () => {
    for (const close of closers.splice(0).toReversed()) await close();
  }, 60_000);
  return {
    db,
    get endpoint() {
      return read().endpoint;
    },
    get workspace() {
      return read().workspace;
    },
    get task() {
      return read().task;
    },
    person: (userId, options = {}) => {
      const { endpoint } = read();
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
      const durabase = createDurabase({ supabase, timing });
      closers.push(() => durabase.close());
      return { durabase, supabase, requests };
    },
    network: async () => {
      const proxy = await startTcpProxy(read().endpoint.url);
      closers.push(() => proxy.close());
      return { ...proxy, url: proxy.url.replace(/\/$/, '') };
    },
  };
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
