import { describe, expect, it } from '@jest/globals';
import type { RawSocket } from './support/raw-socket.ts';
import { newUser, useRealtime } from './support/use-realtime.ts';

const realtime = useRealtime();
const heardBy = (raw: RawSocket) => raw.frames.filter((frame) => frame.event === 'broadcast').map((frame) => frame.payload);

interface PostOptions {
  readonly apikey?: string;
  readonly token?: string;
  readonly type?: string;
  readonly method?: string;
}

const post = async (path: string, body: string, options: PostOptions = {}): Promise<readonly [number, string]> => {
  const { apikey = realtime.publishableKey, token, type = 'application/json', method = 'POST' } = options;
  const answer = await fetch(`${realtime.url}/realtime/v1/api/broadcast${path}`, {
    method,
    headers: { apikey, 'content-type': type, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    ...(method === 'GET' ? {} : { body }),
  });
  return [answer.status, await answer.text()];
};

const batch = (...messages: readonly object[]): string => JSON.stringify({ messages });

const listen = async (topic: string, userId?: string): Promise<RawSocket> => {
  const raw = await realtime.raw();
  await raw.join(
    `realtime:${topic}`,
    { private: userId !== undefined },
    userId === undefined ? undefined : await realtime.token(userId),
  );
  return raw;
};

describe('POST /realtime/v1/api/broadcast', () => {
  it('sends what supabase-js sends without a socket', async () => {
    const raw = await listen('rest');
    const client = await realtime.client();
    const channel = client.channel('rest');
    await channel.httpSend('hello', { n: 1 });
    expect((await raw.find((frame) => frame.event === 'broadcast')).payload).toEqual({
      event: 'hello',
      type: 'broadcast',
      payload: { n: 1 },
    });
  });

  it('sends a batch in order', async () => {
    const raw = await listen('batch');
    const messages = Array.from({ length: 50 }, (_, n) => ({ topic: 'batch', event: 'n', payload: { n } }));
    expect(await post('', batch(...messages))).toEqual([202, '']);
    await raw.find((frame) => JSON.stringify(frame.payload).includes('{"n":49}'));
    expect(heardBy(raw).map((message) => (message['payload'] as { n: number }).n)).toEqual(
      messages.map(({ payload }) => payload.n),
    );
  });

  it('drops what may not be sent, and sends the rest', async () => {
    const [anna, bert] = [newUser(), newUser()];
    await realtime.addMember('rest', anna, { maySend: true });
    await realtime.addMember('rest', bert);
    const raw = await listen('room:rest', bert);
    const secret = (event: string) => ({ topic: 'room:rest', event, payload: {}, private: true });
    expect(await post('', batch(secret('visitor')))).toEqual([202, '']);
    expect(await post('', batch(secret('reader')), { token: await realtime.token(bert) })).toEqual([202, '']);
    expect(await post('', batch({ ...secret('public'), private: false }))).toEqual([202, '']);
    expect(await post('', batch(secret('writer'), secret('again')), { token: await realtime.token(anna) })).toEqual([202, '']);
    expect(await post('', batch(secret('service')), { apikey: realtime.secretKey })).toEqual([202, '']);
    await raw.find((frame) => frame.payload['event'] === 'service');
    expect(heardBy(raw).map(({ event }) => event)).toEqual(['writer', 'again', 'service']);
  });

  it.each([
    ['no JSON', '{', 400],
    ['an array', '[]', 422],
    ['no messages', '{}', 422],
    ['an empty list', batch(), 422],
    ['a message that is null', '{"messages":[null]}', 422],
    ['a message without topic', batch({ event: 'x', payload: {} }), 422],
    ['a topic that is a number', batch({ topic: 1, event: 'x', payload: {} }), 422],
    ['a payload that is text', batch({ topic: 'a', event: 'x', payload: 'x' }), 422],
    ['a topic that is too long', batch({ topic: 'a'.repeat(247), event: 'x', payload: {} }), 422],
    ['a payload that is too large', batch({ topic: 'a', event: 'x', payload: { a: 'x'.repeat(3_000_000) } }), 422],
    ['a body that is too large', batch({ topic: 'a', event: 'x', payload: { a: 'x'.repeat(3_300_000) } }), 413],
    ['nesting', batch({ topic: 'a', event: 'x', payload: JSON.parse(`{"a":${'['.repeat(500)}${']'.repeat(500)}}`) }), 400],
  ])('refuses %s', async (_, body, status) => {
    expect((await post('', body))[0]).toBe(status);
  });

  it('refuses who has no key, and tokens that are not valid', async () => {
    const body = batch({ topic: 'a', event: 'x', payload: {} });
    expect(await post('', body, { apikey: 'wrong' })).toEqual([401, '{"message":"Unauthorized"}']);
    expect((await post('', body, { token: await realtime.token(newUser(), { lifeSeconds: -1 }) }))[0]).toBe(401);
    expect((await post('', body, { token: 'nonsense' }))[0]).toBe(401);
  });

  it('answers pages of any origin', async () => {
    const answer = await fetch(`${realtime.url}/realtime/v1/api/broadcast`, { method: 'POST' });
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  });
});

describe('POST /realtime/v1/api/broadcast/<topic>/events/<event>', () => {
  it('sends JSON and bytes', async () => {
    const raw = await listen('one:ä');
    expect(await post(`/${encodeURIComponent('one:ä')}/events/hello`, '{"n":1}')).toEqual([202, '']);
    expect((await raw.find((frame) => frame.event === 'broadcast')).payload).toMatchObject({ event: 'hello', payload: { n: 1 } });
    expect(await post(`/${encodeURIComponent('one:ä')}/events/raw`, 'bytes', { type: 'application/octet-stream' })).toEqual([
      202,
      '',
    ]);
    await raw.join('realtime:after');
    expect(raw.binaries.map((data) => data.toString('utf8').slice(-5))).toEqual(['bytes']);
  });

  it('asks the policies when it is private', async () => {
    const [anna, bert] = [newUser(), newUser()];
    await realtime.addMember('one', anna, { maySend: true });
    await realtime.addMember('one', bert);
    const raw = await listen('room:one', bert);
    const path = '/room:one/events/x?private=true';
    expect(await post(path, '{}', { token: await realtime.token(bert) })).toEqual([403, '{"message":"Unauthorized"}']);
    expect(await post(path, '{}')).toEqual([403, '{"message":"Unauthorized"}']);
    expect(await post('/uuid:x/events/x?private=true', '{}', { token: await realtime.token(anna) })).toEqual([
      403,
      '{"message":"Unauthorized"}',
    ]);
    expect(await post(path, '{"from":"anna"}', { token: await realtime.token(anna) })).toEqual([202, '']);
    await raw.find((frame) => frame.event === 'broadcast');
    expect(heardBy(raw)).toMatchObject([{ payload: { from: 'anna' } }]);
  });

  it('refuses what makes no sense', async () => {
    expect((await post('/a/events/x', '{'))[0]).toBe(400);
    expect((await post('/%ff/events/x', '{}'))[0]).toBe(422);
    expect((await post('/a%00/events/x', '{}'))[0]).toBe(422);
    expect((await post('/a/events', '{}'))[0]).toBe(404);
    expect((await post('/a/events/x', '', { method: 'GET' }))[0]).toBe(405);
  });
});
