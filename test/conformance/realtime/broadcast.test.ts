import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually.ts';
import { listen, makeTopic, type Listener } from '../support/listen.ts';
import { useSupabase, type SignedIn } from '../support/use-supabase.ts';
import { writeRooms } from './rooms.ts';

const supabase = useSupabase(writeRooms);
const send = ({ channel }: Listener, event: string, payload: Readonly<Record<string, unknown>> = {}, options = {}) =>
  channel.send({ type: 'broadcast', event, payload }, options);
const eventsOf = ({ broadcasts }: Listener) => broadcasts.map(({ event }) => event);
const came = async (listener: Listener, events: readonly string[]): Promise<void> => {
  await eventually(() => expect(eventsOf(listener)).toEqual(events));
};
let anna: SignedIn;

beforeAll(async () => {
  anna = await supabase.createUser();
});

describe('Realtime: broadcast of clients', () => {
  it('reaches others on the topic, not the sender', async () => {
    const topic = makeTopic(supabase.prefix);
    const [sender, hearer] = [await listen(supabase.connect(), topic), await listen(supabase.connect(), topic)];
    expect(await send(sender, 'hello', { a: [1, 'ü', null] })).toBe('ok');
    await came(hearer, ['hello']);
    expect(hearer.broadcasts[0]?.payload).toEqual({ a: [1, 'ü', null] });
    await send(hearer, 'back');
    await came(sender, ['back']);
  });

  it('reaches the sender too when asked', async () => {
    const self = await listen(supabase.connect(), makeTopic(supabase.prefix), { config: { broadcast: { self: true } } });
    await send(self, 'hello', { n: 1 });
    await came(self, ['hello']);
    expect(self.broadcasts[0]).toMatchObject({ type: 'broadcast', event: 'hello', payload: { n: 1 } });
  });

  it('is acknowledged when asked', async () => {
    const topic = makeTopic(supabase.prefix);
    const config = { broadcast: { ack: true } };
    const [sender, hearer] = [await listen(supabase.connect(), topic, { config }), await listen(supabase.connect(), topic)];
    expect(await send(sender, 'hello')).toBe('ok');
    await came(hearer, ['hello']);
  });

  it('keeps the order of one sender', async () => {
    const topic = makeTopic(supabase.prefix);
    const [sender, hearer] = [await listen(supabase.connect(), topic), await listen(supabase.connect(), topic)];
    const events = Array.from({ length: 50 }, (_unused, index) => `event ${index}`);
    await Promise.all(events.map((event) => send(sender, event)));
    await came(hearer, events);
  });

  it('does not leave its topic', async () => {
    const [topic, elsewhere] = [makeTopic(supabase.prefix), makeTopic(supabase.prefix)];
    const client = supabase.connect();
    const [sender, other] = [await listen(client, topic), await listen(client, elsewhere)];
    const otherSender = await listen(supabase.connect(), elsewhere);
    await send(sender, 'here');
    await send(otherSender, 'there');
    await came(other, ['there']);
  });

  it('carries bytes', async () => {
    const topic = makeTopic(supabase.prefix);
    const [sender, hearer] = [await listen(supabase.connect(), topic), await listen(supabase.connect(), topic)];
    const bytes = Uint8Array.from({ length: 300 }, (_unused, index) => index % 256);
    await sender.channel.send({ type: 'broadcast', event: 'bytes', payload: bytes.buffer });
    await came(hearer, ['bytes']);
    expect([...new Uint8Array(hearer.broadcasts[0]?.payload as unknown as ArrayBuffer)]).toEqual([...bytes]);
  });

  it('refuses a payload that is too large', async () => {
    const topic = makeTopic(supabase.prefix);
    const config = { broadcast: { ack: true } };
    const [sender, hearer] = [await listen(supabase.connect(), topic, { config }), await listen(supabase.connect(), topic)];
    expect(await send(sender, 'large', { text: 'x'.repeat(3_050_000) })).toBe('error');
    expect(await send(sender, 'small')).toBe('ok');
    await came(hearer, ['small']);
  });
});

describe('Realtime: broadcast over HTTP', () => {
  it('httpSend reaches a public channel', async () => {
    const topic = makeTopic(supabase.prefix);
    const hearer = await listen(supabase.connect(), topic);
    expect(await supabase.anonymous.channel(topic).httpSend('hello', { n: 1 })).toEqual({ success: true });
    await came(hearer, ['hello']);
    expect(hearer.broadcasts[0]?.payload).toEqual({ n: 1 });
  });

  it('httpSend carries bytes', async () => {
    const topic = makeTopic(supabase.prefix);
    const hearer = await listen(supabase.connect(), topic);
    const bytes = Uint8Array.of(0, 1, 254, 255);
    expect(await supabase.anonymous.channel(topic).httpSend('bytes', bytes)).toEqual({ success: true });
    await came(hearer, ['bytes']);
    expect([...new Uint8Array(hearer.broadcasts[0]?.payload as unknown as ArrayBuffer)]).toEqual([...bytes]);
  });

  it('httpSend reaches a private channel of somebody who may send', async () => {
    const topic = makeTopic(supabase.prefix);
    const config = { private: true };
    const hearer = await listen(anna.client, topic, { config });
    const other = await supabase.createUser();
    expect(await other.client.channel(topic, { config }).httpSend('hello', { n: 1 })).toEqual({ success: true });
    await came(hearer, ['hello']);
  });

  it('httpSend is refused to somebody who may not send', async () => {
    const config = { private: true };
    await expect(anna.client.channel(makeTopic(supabase.prefix, 'news'), { config }).httpSend('hello', {})).rejects.toThrow(
      'Unauthorized',
    );
    await expect(supabase.anonymous.channel(makeTopic(supabase.prefix), { config }).httpSend('hello', {})).rejects.toThrow(
      'Unauthorized',
    );
  });

  it('httpSend of the service goes anywhere', async () => {
    const topic = makeTopic(supabase.prefix, 'news');
    const config = { private: true };
    const hearer = await listen(anna.client, topic, { config });
    expect(await supabase.service.channel(topic, { config }).httpSend('hello', {})).toEqual({ success: true });
    await came(hearer, ['hello']);
  });

  it('httpSend refuses a payload that is too large', async () => {
    const sending = supabase.anonymous.channel(makeTopic(supabase.prefix)).httpSend('large', { text: 'x'.repeat(3_050_000) });
    await expect(sending).rejects.toThrow();
  });

  const post = (messages: unknown, headers: Readonly<Record<string, string>> = {}) =>
    fetch(`${supabase.settings.url}/realtime/v1/api/broadcast`, {
      method: 'POST',
      headers: { apikey: supabase.settings.publishableKey, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ messages }),
    });

  it('a batch of messages reaches its topics', async () => {
    const [one, other] = [makeTopic(supabase.prefix), makeTopic(supabase.prefix)];
    const [hearer, otherHearer] = [await listen(supabase.connect(), one), await listen(supabase.connect(), other)];
    const answer = await post([
      { topic: one, event: 'first', payload: { n: 1 } },
      { topic: other, event: 'second', payload: { n: 2 } },
    ]);
    expect(answer.status).toBe(202);
    await came(hearer, ['first']);
    await came(otherHearer, ['second']);
  });

  it('a batch leaves out private messages of somebody who may not send', async () => {
    const topic = makeTopic(supabase.prefix);
    const hearer = await listen(anna.client, topic, { config: { private: true } });
    expect((await post([{ topic, event: 'visitor', payload: {}, private: true }])).status).toBe(202);
    const authorization = `Bearer ${anna.token}`;
    expect((await post([{ topic, event: 'anna', payload: {}, private: true }], { authorization })).status).toBe(202);
    await came(hearer, ['anna']);
  });

  it('a batch without an event is refused', async () => {
    expect((await post([{ topic: makeTopic(supabase.prefix), payload: {} }])).status).toBe(422);
  });

  it('a batch without a key is refused', async () => {
    expect((await post([], { apikey: 'sb_publishable_0000000000000000000000_00000000' })).status).toBe(401);
  });
});

describe('Realtime: broadcast from the database', () => {
  const sendBySql = (topic: string, event: string, payload: unknown, isPrivate = true) =>
    supabase.owner.query('select realtime.send($1::jsonb, $2, $3, $4)', [JSON.stringify(payload), event, topic, isPrivate]);

  it('realtime.send reaches private channels', async () => {
    const topic = makeTopic(supabase.prefix, 'news');
    const hearer = await listen(anna.client, topic, { config: { private: true } });
    await sendBySql(topic, 'hello', { n: 1, text: 'ü' });
    await came(hearer, ['hello']);
    expect(hearer.broadcasts[0]?.payload).toMatchObject({ n: 1, text: 'ü' });
    expect(hearer.broadcasts[0]?.meta?.id).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('realtime.send reaches public channels when asked', async () => {
    const topic = makeTopic(supabase.prefix);
    const hearer = await listen(supabase.connect(), topic);
    await sendBySql(topic, 'hello', {}, false);
    await came(hearer, ['hello']);
  });

  it('public and private channels of one name hear nothing of each other', async () => {
    const topic = makeTopic(supabase.prefix);
    const [open, closed] = [
      await listen(supabase.connect(), topic),
      await listen(anna.client, topic, { config: { private: true } }),
    ];
    await sendBySql(topic, 'secret', {}, true);
    await sendBySql(topic, 'open', {}, false);
    await came(open, ['open']);
    await came(closed, ['secret']);
  });

  it('nothing is sent by a transaction that is rolled back', async () => {
    const topic = makeTopic(supabase.prefix, 'news');
    const hearer = await listen(anna.client, topic, { config: { private: true } });
    await supabase.owner.query(`begin; select realtime.send('{}', 'never', '${topic}', true); rollback`);
    await sendBySql(topic, 'after', {});
    await came(hearer, ['after']);
  });

  it('keeps the order in which it was sent, 100 messages of one transaction', async () => {
    const topic = makeTopic(supabase.prefix, 'news');
    const hearer = await listen(anna.client, topic, { config: { private: true } });
    await supabase.owner.query(
      `do $$ begin for n in 1..100 loop perform realtime.send('{}', 'event ' || n, '${topic}', true); end loop; end $$`,
    );
    await came(
      hearer,
      Array.from({ length: 100 }, (_unused, index) => `event ${index + 1}`),
    );
  });

  it('broadcast_changes tells of changed rows', async () => {
    const topic = makeTopic(supabase.prefix, 'news');
    const hearer = await listen(anna.client, topic, { config: { private: true } });
    const things = `public.${supabase.prefix}_things`;
    await supabase.owner.query(`insert into ${things} values (1, 'one', $1)`, [topic]);
    await supabase.owner.query(`update ${things} set name = 'uno' where id = 1`);
    await supabase.owner.query(`delete from ${things} where id = 1`);
    await came(hearer, ['INSERT', 'UPDATE', 'DELETE']);
    const table = { schema: 'public', table: `${supabase.prefix}_things` };
    expect(hearer.broadcasts.map(({ payload }) => payload)).toMatchObject([
      { ...table, operation: 'INSERT', record: { id: 1, name: 'one', topic }, old_record: null },
      { ...table, operation: 'UPDATE', record: { id: 1, name: 'uno' }, old_record: { id: 1, name: 'one' } },
      { ...table, operation: 'DELETE', record: null, old_record: { id: 1, name: 'uno' } },
    ]);
  });

  it('replays what was sent before, when asked', async () => {
    const topic = makeTopic(supabase.prefix, 'news');
    const since = Date.now() - 60_000;
    const first = await listen(anna.client, topic, { config: { private: true } });
    await sendBySql(topic, 'before', { n: 1 });
    await came(first, ['before']);
    await anna.client.removeChannel(first.channel);
    const late = await listen(anna.client, topic, { config: { private: true, broadcast: { replay: { since, limit: 5 } } } });
    await came(late, ['before']);
    expect(late.broadcasts[0]).toMatchObject({ payload: { n: 1 }, meta: { replayed: true } });
  });
});
