// The least that a change can cost on its way: a transaction that notifies, one listener, one frame for each socket.
// A process of its own, as the Realtime endpoint is.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { WebSocketServer } from 'ws';

const listener = new pg.Client({ connectionString: process.env['BENCH_DATABASE_URL'] });
await listener.connect();
const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
await once(server, 'listening');
listener.on('notification', ({ payload }) => {
  for (const socket of server.clients) socket.send(payload ?? '');
});
await listener.query('listen bench_floor');
process.send?.({ port: (server.address() as AddressInfo).port });
process.on('disconnect', () => process.exit(0));
