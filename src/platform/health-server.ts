import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { collectDefaultMetrics, Registry } from 'prom-client';

/** Options of {@link startHealthServer}. */
export interface HealthOptions {
  readonly host: string;
  readonly port: number;
  readonly readiness: () => Promise<Readonly<Record<string, boolean>>>;
}

/** Answers `healthz` (the process lives), `readyz` (it can work; 503 with what is missing) and `metrics`. */
export async function startHealthServer({
  host,
  port,
  readiness,
}: HealthOptions): Promise<{ readonly port: number; close(): Promise<void> }> {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const answer = async (path: string): Promise<readonly [number, string, string]> => {
    if (path === '/healthz') return [200, 'application/json', '{"status":"ok"}'];
    if (path === '/metrics') return [200, registry.contentType, await registry.metrics()];
    if (path !== '/readyz') return [404, 'application/json', '{"status":"not found"}'];
    const parts = await readiness();
    const isReady = Object.values(parts).every(Boolean);
    return [isReady ? 200 : 503, 'application/json', JSON.stringify({ status: isReady ? 'ready' : 'not ready', ...parts })];
  };
  const server: Server = createServer((request, response) => {
    void answer(new URL(request.url ?? '/', 'http://health').pathname).then(([status, type, body]) => {
      response.writeHead(status, { 'content-type': type }).end(body);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
