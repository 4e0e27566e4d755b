import { afterAll, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { eventually } from '../support/eventually.ts';
import { newUser, useRealtime } from './support/use-realtime.ts';

const realtime = useRealtime();

/** Status and body of an upgrade that is refused; 101 when it is not. */
const upgrade = (path: string, headers: Readonly<Record<string, string>> = {}): Promise<readonly [number, string]> =>
  new Promise((resolve, reject) => {
    const ws = new WebSocket(realtime.url.replace('http', 'ws') + path, { headers });
    ws.on('open', () => {
      ws.terminate();
      resolve([101, '']);
    });
    ws.on('unexpected-response', (_, response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () => resolve([response.statusCode ?? 0, body]));
    });
    ws.on('error', reject);
  });

const SOCKET = '/realtime/v1/websocket';

describe('connecting', () => {
  it('takes the keys of the project, and tokens as keys', async () => {
    const token = await realtime.token(newUser());
    for (const key of [realtime.publishableKey, realtime.secretKey, token])
      expect(await upgrade(`${SOCKET}?apikey=${key}&vsn=2.0.0`)).toEqual([101, '']);
    expect(await upgrade(SOCKET, { 'x-api-key': realtime.publishableKey })).toEqual([101, '']);
  });

  it('refuses everybody else', async () => {
    const expired = await realtime.token(newUser(), { lifeSeconds: -1 });
    const forged = await realtime.token(newUser(), { secret: 'x'.repeat(64) });
    for (const key of ['wrong', `${realtime.publishableKey}x`, realtime.publishableKey.slice(1), expired, forged])
      expect(await upgrade(`${SOCKET}?apikey=${key}&vsn=2.0.0`)).toEqual([
        401,
        '{"error":"The API key is not one of this project"}',
      ]);
    expect(await upgrade(SOCKET)).toEqual([401, '{"error":"API key is missing"}']);
  });

  it('knows no other path and no other version', async () => {
    const key = `apikey=${realtime.publishableKey}`;
    expect(await upgrade(`/realtime/v1?${key}`)).toEqual([404, '{"error":"Not found"}']);
    expect(await upgrade(`/rest/v1/notes?${key}`)).toEqual([404, '{"error":"Not found"}']);
    expect(await upgrade(`${SOCKET}?${key}&vsn=3.0.0`)).toEqual([400, '{"error":"vsn is neither 1.0.0 nor 2.0.0"}']);
  });

  it('answers heartbeats, in both versions', async () => {
    const second = await realtime.raw();
    second.push('phoenix', 'heartbeat', {}, '7');
    expect(await second.find((frame) => frame.ref === '7')).toEqual({
      joinRef: null,
      ref: '7',
      topic: 'phoenix',
      event: 'phx_reply',
      payload: { status: 'ok', response: {} },
    });
    const first = await realtime.raw({ vsn: '1.0.0' });
    first.send(JSON.stringify({ topic: 'phoenix', event: 'heartbeat', payload: {}, ref: '8' }));
    expect(await first.find((frame) => frame.ref === '8')).toMatchObject({ event: 'phx_reply', payload: { status: 'ok' } });
  });

  it('says that nobody is in a topic that was not joined', async () => {
    const raw = await realtime.raw();
    raw.push('realtime:nowhere', 'broadcast', { event: 'x', payload: {} }, '1');
    raw.push('realtime:nowhere', 'phx_leave', {}, '2');
    expect((await raw.find((frame) => frame.ref === '1')).payload).toEqual({
      status: 'error',
      response: { reason: 'unmatched topic' },
    });
    expect((await raw.find((frame) => frame.ref === '2')).payload).toEqual({ status: 'ok', response: {} });
  });

  it('keeps serving requests beside sockets, and answers what it does not know', async () => {
    expect((await fetch(`${realtime.url}/health`)).status).toBe(200);
    expect((await fetch(`${realtime.url}/realtime/v1/websocket`)).status).toBe(404);
    expect((await fetch(`${realtime.url}/realtime/v1/api/tenants`)).status).toBe(404);
  });
});

describe('a socket', () => {
  it('ends with the endpoint, and supabase-js comes back to the next one', async () => {
    const client = await realtime.client();
    const states: string[] = [];
    const heard: unknown[] = [];
    client
      .channel('back')
      .on('broadcast', { event: 'x' }, ({ payload }) => heard.push(payload))
      .subscribe((state) => states.push(state));
    await eventually(() => expect(states).toEqual(['SUBSCRIBED']));
    await realtime.restart({ port: Number(new URL(realtime.url).port) });
    await eventually(() => expect(states.at(-1)).toBe('SUBSCRIBED'), { timeoutMs: 15_000 });
    expect(states.length).toBeGreaterThan(1);
    await realtime.send('back', 'x', { id: 'a' }, false);
    await eventually(() => expect(heard).toEqual([{ id: 'a' }]));
  });
});

afterAll(() => {
  expect(realtime.log.filter((line) => line.includes(realtime.publishableKey) || line.includes('eyJ'))).toEqual([]);
});
