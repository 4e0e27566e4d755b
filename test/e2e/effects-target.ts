import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** The other side of every run: one effect per idempotency key. */
export interface EffectsTarget {
  readonly url: string;
  /** `host:port` */
  readonly host: string;
  /** Bodies by key, repeats included. */
  readonly effects: ReadonlyMap<string, readonly string[]>;
  /** Requests that wait for `release` because their path is `/held`. */
  readonly heldCount: number;
  release(): void;
  close(): Promise<void>;
}

/** So that whoever is killed has requests under way. */
const LATENCY_MS = 40;

export async function startEffectsTarget(): Promise<EffectsTarget> {
  const effects = new Map<string, readonly string[]>();
  const held: (() => void)[] = [];
  const server = createServer((request, response) => {
    void text(request).then(
      (body) => {
        const key = String(request.headers['idempotency-key'] ?? '');
        effects.set(key, [...(effects.get(key) ?? []), body]);
        const answer = (): void => void response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
        if (request.url === '/held') held.push(answer);
        else setTimeout(answer, LATENCY_MS);
      },
      () => response.destroy(), // the caller was killed while it sent
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `http://${host}`,
    host,
    effects,
    get heldCount() {
      return held.length;
    },
    release: () => {
      for (const answer of held.splice(0)) answer();
    },
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
