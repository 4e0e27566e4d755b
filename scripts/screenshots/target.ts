import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the tasks of the pictures call. */
export interface Target {
  readonly host: string;
  readonly url: string;
  close(): Promise<void>;
}

const SALES = { day: '2026-11-20', currency: 'EUR', orders: 184, cents: 1_284_950, regions: { north: 61, south: 74, west: 49 } };
const ORDERS = { orders: ['A-1041', 'A-1042', 'A-1043', 'A-1044', 'A-1045', 'A-1046'].map((id) => ({ id, lines: 3 })) };

/** How each address answers: after how long, with which status, and what. */
const ANSWERS: Readonly<Record<string, readonly [delayMs: number, status: number, body: unknown]>> = {
  '/sales': [320, 200, SALES],
  '/digest': [900, 200, { text: 'Sales rose by 12 % on Thursday; the south leads with 74 orders.', tokens: 412 }],
  '/store': [180, 200, { stored: true }],
  '/orders': [410, 200, ORDERS],
  '/post': [240, 202, { accepted: true }],
  '/contacts': [150, 200, { created: true, contact: 'c_81f2' }],
  '/invoice': [260, 422, { error: 'the customer has no VAT number' }],
  '/partner': [200, 503, { error: 'come back later' }],
  '/stock': [3_600_000, 200, {}],
};

const answer = (request: IncomingMessage, response: ServerResponse): void => {
  const path = new URL(request.url ?? '/', 'http://target').pathname;
  const [delayMs, status, body] = ANSWERS[path] ?? [0, 404, { error: 'not found' }];
  const timer = setTimeout(() => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  }, delayMs);
  response.once('close', () => clearTimeout(timer));
};

export async function startTarget(port = 0): Promise<Target> {
  const server = createServer(answer);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    url: `http://${host}`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
