import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createNews } from './news.ts';

/** What the other side holds under one key: an upsert, so a repeat finds its own row. */
export interface Effect {
  readonly key: string;
  /** Every body that came with the key. More than one would mean that the key was used for two effects. */
  readonly bodies: ReadonlySet<string>;
}

/** The other side: a service of somebody else, which keeps one effect per idempotency key. */
export interface Target {
  /** Without a trailing slash. */
  readonly url: string;
  /** `host:port` */
  readonly host: string;
  readonly effects: ReadonlyMap<string, Effect>;
  /** How often each key arrived, refused requests included. */
  readonly requestCounts: ReadonlyMap<string, number>;
  /** Waits until `/slow` holds a request, which it never answers if nobody calls `release`. */
  untilHeld(signal: AbortSignal): Promise<void>;
  /** From now on `/slow` answers at once. */
  release(): void;
  close(): Promise<void>;
}

/** How often `/flaky` answers 503 before it takes a key. */
const FLAKY_FAILURE_COUNT = 2;

export async function startTarget(): Promise<Target> {
  const desk = createDesk();
  const server = createServer((request, response) => {
    desk.serve(request, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}`,
    host,
    effects: desk.effects,
    requestCounts: desk.requestCounts,
    untilHeld: desk.untilHeld,
    release: desk.release,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Desk extends Pick<Target, 'effects' | 'requestCounts' | 'untilHeld' | 'release'> {
  serve(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

function createDesk(): Desk {
  const effects = new Map<string, Effect>();
  const requestCounts = new Map<string, number>();
  const news = createNews();
  let heldCount = 0;
  let isReleased = false;

  const count = (key: string): number => {
    const requestCount = (requestCounts.get(key) ?? 0) + 1;
    requestCounts.set(key, requestCount);
    return requestCount;
  };
  const upsert = (key: string, body: string): boolean => {
    const known = effects.get(key);
    effects.set(key, { key, bodies: new Set(known?.bodies).add(body) });
    return known === undefined;
  };
  return {
    effects,
    requestCounts,
    untilHeld: (signal) => news.until(() => heldCount > 0, { what: 'a request that is held', signal }),
    release: () => {
      isReleased = true;
    },
    serve: async (request, response) => {
      const body = await text(request);
      const key = request.headers['idempotency-key'];
      if (typeof key !== 'string') return answer(response, 400, { error: 'no Idempotency-Key' });
      const requestCount = count(key);
      if (request.url === '/flaky' && requestCount <= FLAKY_FAILURE_COUNT) return answer(response, 503, { error: 'try again' });
      const isNew = upsert(key, body);
      if (request.url === '/slow' && !isReleased) {
        heldCount += 1; // the effect has happened, and the caller does not learn of it
        news.spread();
        return;
      }
      answer(response, isNew ? 201 : 200, request.url === '/ledger' ? { cents: sumCents(body) } : {});
    },
  };
}

function sumCents(body: string): number {
  const { rows } = JSON.parse(body) as { readonly rows: readonly { readonly cents: number }[] };
  return rows.reduce((sum, row) => sum + row.cents, 0);
}

function answer(response: ServerResponse, status: number, body: Readonly<Record<string, unknown>>): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
