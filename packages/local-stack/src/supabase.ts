import { once as nextEvent } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { captureConsole } from './console-capture.ts';
import { connectLite, createLite } from './lite.ts';
import type { RealtimeLimits } from './realtime/limits.ts';
import { createRealtime } from './realtime/realtime.ts';
import { listenForSchemaReload } from './schema-reload.ts';
import { describeError } from './stack-error.ts';

export interface SupabaseOptions {
  /** A login without ownership that inherits from the three API roles. */
  readonly databaseUrl: string;
  /** The login of the Realtime endpoint, `realtime_server`. */
  readonly realtimeDatabaseUrl: string;
  readonly port: number;
  readonly jwtSecret: string;
  readonly publishableKey: string;
  readonly secretKey: string;
  /** Receives the errors of the endpoint, stacks included. */
  readonly log: (text: string) => void;
  /** Called once; what the endpoint does without its database is not defined. */
  readonly onDatabaseLost?: () => void;
  /** What one connection, and all of them, may ask of Realtime. */
  readonly realtimeLimits?: Partial<RealtimeLimits>;
}

export interface SupabaseEndpoint {
  readonly url: string;
  /** For what else wants to answer on this port, such as the upgrade to WebSocket. */
  readonly server: Server;
  /** To be called after changes of the schema; `notify pgrst, 'reload schema'` does the same. */
  clearSchemaCache(): Promise<void>;
  close(): Promise<void>;
}

type Handler = (request: Request, peerAddress: string | null) => Promise<Response>;

/** The first one serves requests that name no profile. */
const SCHEMAS = ['durabase', 'public'] as const;
const MAX_CONNECTIONS = 10;
const CLOSE_SECONDS = 2;
const KEEP_ALIVE_MS = 65_000;
const CORS = { 'access-control-allow-origin': '*' } as const;

/** Starts Supabase's REST and Auth, served by lite, and Realtime, on one port of loopback. */
export const startSupabase = async (options: SupabaseOptions): Promise<SupabaseEndpoint> => {
  const { databaseUrl, port, jwtSecret, publishableKey, secretKey, log } = options;
  const onDatabaseLost = once(options.onDatabaseLost);
  const keys = { jwtSecret, publishableKey, secretKey };
  const url = `http://127.0.0.1:${port}`;
  const connection = connectLite(databaseUrl, MAX_CONNECTIONS);
  const app = createLite(connection, { ...keys, siteUrl: url, schemas: SCHEMAS });
  const capture = captureConsole(log);
  const handle = route({
    toLite: (request, peerAddress) => capture.run(() => app.fetch(request, { peerAddress })),
    toRealtime: (request) => realtime.handleRequest(request),
    isDatabaseUp: () => capture.run(async () => (await connection.ping()) === true),
  });
  const listener = getRequestListener((request, env) => handle(request, peerAddressOf(env.incoming)), {
    overrideGlobalObjects: false,
    errorHandler: (error) => {
      log(`request failed: ${describeError(error)}`);
      return json(500, { code: 'INTERNAL', message: 'The local stack failed; see its log' });
    },
  });
  const server = createServer((incoming, outgoing) => {
    nameProfile(incoming);
    void listener(incoming, outgoing);
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  const onReload = async (): Promise<void> => {
    await Promise.all([connection.clearSchemaCache(), realtime.followPublication()]);
  };
  const reload = await listenForSchemaReload({ databaseUrl, onReload, onDatabaseLost, log });
  const realtime = await createRealtime({
    ...keys,
    server,
    databaseUrl: options.realtimeDatabaseUrl,
    log,
    onDatabaseLost,
    ...(options.realtimeLimits === undefined ? {} : { limits: options.realtimeLimits }),
  });
  // lite grants privileges before its first transaction; several first ones at a time would fail over it.
  await capture.run(() => connection.withContext({ auth: { role: 'service_role' } }, async () => {}));
  server.listen({ port, host: '127.0.0.1', exclusive: true });
  await nextEvent(server, 'listening');
  return {
    url,
    server,
    clearSchemaCache: onReload,
    close: async () => {
      await realtime.close();
      const closed = nextEvent(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      await reload.close();
      await connection.driver.end({ timeout: CLOSE_SECONDS });
      capture.restore();
    },
  };
};

interface Routes {
  readonly toLite: Handler;
  readonly toRealtime: (request: Request) => Promise<Response>;
  readonly isDatabaseUp: () => Promise<boolean>;
}

const route =
  ({ toLite, toRealtime, isDatabaseUp }: Routes): Handler =>
  async (request, peerAddress) => {
    const { pathname } = new URL(request.url);
    // lite looks for the table before it answers a preflight, but a preflight does not say which schema it means.
    if (request.method === 'OPTIONS') return answerPreflight(request);
    if (pathname === '/health')
      return (await isDatabaseUp()) ? json(200, { status: 'ok' }) : json(503, { status: 'database unreachable' });
    if (pathname.startsWith('/realtime/v1/')) return allowAnyPage(await toRealtime(request));
    if (pathname.startsWith('/functions/v1'))
      return json(404, { code: 'NOT_FOUND', message: 'The local stack runs no edge functions' });
    return allowAnyPage(await toLite(request, peerAddress)); // lite leaves Auth to pages of its own origin
  };

/** lite falls back to `public`; Supabase falls back to the first exposed schema. */
const nameProfile = ({ method, url, headers, rawHeaders }: IncomingMessage): void => {
  const name = method === 'GET' || method === 'HEAD' ? 'accept-profile' : 'content-profile';
  if (url?.startsWith('/rest/v1/') !== true || headers[name] !== undefined) return;
  headers[name] = SCHEMAS[0];
  rawHeaders.push(name, SCHEMAS[0]);
};

const answerPreflight = (request: Request): Response =>
  new Response(null, {
    status: 204,
    headers: {
      ...CORS,
      'access-control-allow-methods': 'GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS',
      'access-control-allow-headers': request.headers.get('access-control-request-headers') ?? '*',
      'access-control-max-age': '86400',
    },
  });

const allowAnyPage = (response: Response): Response => {
  for (const [name, value] of Object.entries(CORS)) response.headers.set(name, value);
  return response;
};

const json = (status: number, body: Readonly<Record<string, unknown>>): Response =>
  Response.json(body, { status, headers: CORS });

/** Two connections listen, and both notice. */
const once = (call: () => void = () => {}): (() => void) => {
  let isDone = false;
  return () => {
    if (!isDone) call();
    isDone = true;
  };
};

const peerAddressOf = (incoming: object): string | null =>
  'socket' in incoming ? ((incoming as IncomingMessage).socket.remoteAddress ?? null) : null;
