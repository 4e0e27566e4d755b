// The least that accepting can cost: a POST and one committed insert.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { answerCalls } from './calls.ts';

const pool = new pg.Pool({ connectionString: process.env['BENCH_DATABASE_URL'], max: 20 });
await pool.query(
  'create table if not exists bench_accepted (id bigint generated always as identity primary key, body jsonb not null)',
);
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    void pool
      .query({
        name: 'accept',
        text: 'insert into bench_accepted (body) values ($1) returning id',
        values: [Buffer.concat(chunks).toString()],
      })
      .then(({ rows }) => response.writeHead(201, { 'content-type': 'application/json' }).end(JSON.stringify(rows[0])));
  });
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
answerCalls({ port: () => Promise.resolve((server.address() as AddressInfo).port) });
process.on('disconnect', () => process.exit(0));
