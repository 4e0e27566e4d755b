import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { useDatabase } from '../support/use-database.ts';
import { SECRET_KEY } from './support/test-api.ts';
import { urlOf, useProgram } from './support/use-program.ts';

const database = useDatabase();
const startProgram = useProgram(database);

describe('server.ts', () => {
  it('listens, serves, and ends in good order on SIGTERM', async () => {
    const program = startProgram();
    const url = await urlOf(program);
    const answer = await fetch(`${url}/api/v1/runs`, { headers: { apikey: SECRET_KEY } });
    expect([answer.status, await answer.json()]).toEqual([200, { items: [], nextCursor: null }]);
    program.child.kill('SIGTERM');
    expect(await program.exit).toBe(0);
    expect(program.output().match(/server\.listening/g)).toHaveLength(1);
  });

  it('finishes a request that is under way before it ends', async () => {
    const program = startProgram({ DURABASE_SHUTDOWN_GRACE_MS: '120000' });
    const url = new URL(await urlOf(program));
    const socket = connect(Number(url.port), url.hostname);
    const body = '{"task":"unknown"}';
    socket.write(
      `POST /api/v1/runs HTTP/1.1\r\nHost: x\r\napikey: ${SECRET_KEY}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nExpect: 100-continue\r\n\r\n`,
    );
    await once(socket, 'data'); // 100 Continue: the request has begun
    program.child.kill('SIGTERM');
    await program.line('process.stopping');
    socket.write(body);
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    expect(chunk.toString()).toMatch(/^HTTP\/1\.1 404 [^]*TASK_NOT_FOUND/);
    expect(await program.exit).toBe(0);
  });

  it('ends when its parent is gone', async () => {
    const program = startProgram();
    await urlOf(program);
    program.child.disconnect();
    expect(await program.exit).toBe(0);
  });

  it('names the setting when its port is taken', async () => {
    const holder = createServer();
    holder.listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const { port } = holder.address() as AddressInfo;
    const program = startProgram({ DURABASE_PORT: String(port) });
    expect(await program.exit).toBe(1);
    expect(program.output()).toMatch(new RegExp(`port ${port} .*taken.*DURABASE_PORT`));
    holder.close();
  });

  it('tells the dashboard where browsers reach Supabase, which may be elsewhere than where it reaches it itself', async () => {
    const supabaseOf = async (env: Readonly<Record<string, string>>): Promise<unknown> => {
      const answer = await fetch(`${await urlOf(startProgram(env))}/dashboard-config.json`);
      return ((await answer.json()) as { readonly supabaseUrl: string }).supabaseUrl;
    };
    expect(await supabaseOf({ DURABASE_SUPABASE_PUBLIC_URL: 'https://app.example' })).toBe('https://app.example');
    expect(await supabaseOf({ DURABASE_SUPABASE_URL: 'http://gateway.example:8000' })).toBe('http://gateway.example:8000');
  });

  it('says which setting is wrong', async () => {
    const program = startProgram({ DURABASE_PORT: 'many' });
    expect(await program.exit).toBe(1);
    expect(program.output()).toMatch(/DURABASE_PORT/);
  });

  it('starts while the database is away, and says so', async () => {
    const program = startProgram({ DURABASE_DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' });
    const answer = await fetch(`${await urlOf(program)}/readyz`);
    expect([answer.status, await answer.json()]).toMatchObject([503, { status: 'unavailable' }]);
  });
});
