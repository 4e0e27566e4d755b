import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';

/** A request as the target saw it. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case; several values of one name are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Answers a request. A thrown error becomes a 500. */
export type TargetHandler = (request: RecordedRequest, response: ServerResponse) => void | Promise<void>;

export interface TargetOptions {
  /** @default '127.0.0.1' */
  readonly host?: string;
  /** @default any free one */
  readonly port?: number;
  /** Speaks https with this certificate. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** A site on a real socket that plays the other side. */
export interface Target {
  /** Without a trailing slash. */
  readonly url: string;
  readonly port: number;
  /** Every request that arrived, in order. */
  readonly requests: readonly RecordedRequest[];
  /** Opened so far; also counts those that sent no request. */
  readonly connectionCount: number;
  /**
   * What `/effects` has done: how often each Idempotency-Key arrived. Its size is the number of distinct effects; requests
   * without a key count under the empty string.
   */
  readonly effects: ReadonlyMap<string, number>;
  /** Answers this path by the handler instead of with 200 and `{}`. */
  on(path: string, handler: TargetHandler): void;
  /** Answers the next requests to this path with a status, then goes on as before. */
  failTimes(path: string, count: number, status: number): void;
  /** Ends all connections too. */
  close(): Promise<void>;
}

/** Starts a target on a free port. */
export async function startTarget(options: TargetOptions = {}): Promise<Target> {
  const { host = '127.0.0.1', port: wishedPort = 0, tls } = options;
  const script = createScript();
  const listener = (message: IncomingMessage, response: ServerResponse): void => {
    script.answer(message, response).catch(() => response.destroy());
  };
  const server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
  const sockets = new Set<Socket>();
  let connectionCount = 0;
  server.on('connection', (socket: Socket) => {
    connectionCount += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // Callers that hang up in the middle are part of many tests.
    socket.on('error', () => undefined);
  });
  await listen(server, { host, port: wishedPort });
  const { port } = server.address() as AddressInfo;
  const shownHost = host.includes(':') ? `[${host}]` : host;

  return {
    url: `${tls === undefined ? 'http' : 'https'}://${shownHost}:${port}`,
    port,
    requests: script.requests,
    get connectionCount() {
      return connectionCount;
    },
    effects: script.effects,
    on: (path, handler) => void script.handlers.set(path, handler),
    failTimes: (path, count, status) => void script.failures.set(path, { count, status }),
    close: () => close(server, sockets),
  };
}

function createScript() {
  const requests: RecordedRequest[] = [];
  const effects = new Map<string, number>();
  const handlers = new Map<string, TargetHandler>();
  const failures = new Map<string, { readonly count: number; readonly status: number }>();

  handlers.set('/effects', ({ headers }, response) => {
    const key = headers['idempotency-key'] ?? '';
    const count = (effects.get(key) ?? 0) + 1;
    effects.set(key, count);
    respondJson(response, { key, repeated: count > 1 }, count > 1 ? 200 : 201);
  });

  const answer = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = await readRequest(message);
    requests.push(request);
    const failure = failures.get(request.path);
    if (failure !== undefined && failure.count > 0) {
      failures.set(request.path, { ...failure, count: failure.count - 1 });
      return respondJson(response, { error: 'failing as told' }, failure.status);
    }
    const handler = handlers.get(request.path);
    if (handler === undefined) return respondJson(response, {});
    try {
      await handler(request, response);
    } catch (error) {
      if (response.headersSent) response.destroy();
      else respondJson(response, { error: String(error) }, 500);
    }
  };
  return { requests, effects, handlers, failures, answer };
}

async function readRequest(message: IncomingMessage): Promise<RecordedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const [path = '', ...query] = (message.url ?? '').split('?');
  const headers = Object.entries(message.headersDistinct).map(([name, values]) => [name, (values ?? []).join(', ')]);
  return {
    method: message.method ?? '',
    path,
    query: new URLSearchParams(query.join('?')),
    headers: Object.fromEntries(headers) as Record<string, string>,
    body: Buffer.concat(chunks).toString(),
  };
}

const listen = (server: Server, address: { readonly host: string; readonly port: number }): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, resolve);
  });

const close = (server: Server, sockets: ReadonlySet<Socket>): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });

/** Answers with JSON. */
export function respondJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Redirects to another address. */
export const redirectTo =
  (status: number, location: string): TargetHandler =>
  (_request, response) => {
    response.writeHead(status, { location, 'content-length': 0 }).end();
  };

/** Sends one byte at a time and never comes to an end. */
export const dripSlowly =
  (options: { readonly everyMs: number }): TargetHandler =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' });
    const timer = setInterval(() => response.write('.'), options.everyMs);
    response.once('close', () => clearInterval(timer));
  };

/** Accepts the request and never answers. */
export const neverAnswer: TargetHandler = () => undefined;

/** Sends the same bytes over and over until the caller hangs up. */
export const sendForever =
  (chunk: Uint8Array, headers: Readonly<Record<string, string>> = {}): TargetHandler =>
  async (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain', ...headers });
    const closed = new Promise<void>((resolve) => response.once('close', () => resolve()));
    while (!response.destroyed) {
      if (!response.write(chunk))
        await Promise.race([new Promise<void>((resolve) => response.once('drain', () => resolve())), closed]);
    }
  };

/** Sends a finished body as it is, such as a bomb that was compressed before. */
export const sendBytes =
  (bytes: Uint8Array, headers: Readonly<Record<string, string>> = {}): TargetHandler =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain', ...headers }).end(bytes);
  };

/** Announces more bytes than it sends, and hangs up after them. */
export const lieAboutLength =
  (options: { readonly announced: number; readonly body: string }): TargetHandler =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-length': options.announced });
    response.write(options.body, () => response.destroy());
  };

/** Resets the connection in the middle of a body. */
export const resetMidBody: TargetHandler = (_request, response) => {
  response.writeHead(200, { 'content-type': 'text/plain' });
  response.write('half', () => response.socket?.resetAndDestroy());
};
