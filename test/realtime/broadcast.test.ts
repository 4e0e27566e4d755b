import { describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { binaryFrame } from './support/binary-frame.ts';
import type { RawSocket } from './support/raw-socket.ts';
import { newUser, useRealtime } from './support/use-realtime.ts';

const realtime = useRealtime();
const heardBy = (raw: RawSocket) => raw.frames.filter((frame) => frame.event === 'broadcast').map((frame) => frame.payload);

/** Whatever was sent before it has been heard when this has. */
const settle = async (raw: RawSocket, topic: string, isPrivate = false): Promise<void> => {
  const id = crypto.randomUUID();
  await realtime.send(topic, 'settle', { id }, isPrivate);
  await raw.find((frame) => JSON.stringify(frame.payload).includes(id));
};

const joined = async (topic: string, config: object = {}, userId?: string): Promise<RawSocket> => {
  const raw = await realtime.raw();
  const answer = await raw.join(`realtime:${topic}`, config, userId === undefined ? undefined : await realtime.token(userId));
  expect(answer.payload['status']).toBe('ok');
  return raw;
};

describe('a broadcast from the database', () => {
  it('carries payload, event and an id', async () => {
    const raw = await joined('db');
    await realtime.send('db', 'changes', { first: 1, nested: { ä: 'ß\n"' } }, false);
    await settle(raw, 'db');
    const [message] = heardBy(raw);
    expect(message).toEqual({
      type: 'broadcast',
      event: 'changes',
      payload: { first: 1, nested: { ä: 'ß\n"' }, id: expect.any(String) },
      meta: { id: expect.any(String) },
    });
  });

  it('keeps numbers that JavaScript would round', async () => {
    const raw = await realtime.raw();
    const texts: string[] = [];
    raw.ws.on('message', (data: Buffer) => texts.push(data.toString()));
    await raw.join('realtime:numbers');
    await realtime.db.owner.query(`select realtime.send('{"n": 12345678901234567890}', 'x', 'numbers', false)`);
    await settle(raw, 'numbers');
    expect(texts.join()).toContain('12345678901234567890');
  });

  it('comes once from a transaction that commits and never from one that does not', async () => {
    const raw = await joined('commit');
    const client = await realtime.db.owner.connect();
    await client.query('begin');
    await client.query("select realtime.send('{}', 'undone', 'commit', false)");
    await client.query('rollback');
    await client.query('begin');
    await client.query("select realtime.send('{}', 'done', 'commit', false)");
    await settle(raw, 'commit');
    expect(heardBy(raw).map(({ event }) => event)).toEqual(['settle']);
    await client.query('commit');
    client.release();
    await raw.find((frame) => frame.payload['event'] === 'done');
    await settle(raw, 'commit');
    expect(heardBy(raw).map(({ event }) => event)).toEqual(['settle', 'done', 'settle']);
  });

  it('tells of rows by broadcast_changes', async () => {
    const raw = await joined('rows');
    await realtime.db.owner.query(`
      create table public.watched (id int primary key, name text);
      create function public.tell() returns trigger language plpgsql security definer set search_path = '' as $$
      begin
        insert into realtime.messages (topic, extension, private) values ('never', 'presence', false);
        perform realtime.send(jsonb_build_object('id', new.id), tg_op, 'rows', false);
        perform realtime.broadcast_changes('room:rows', tg_op, tg_op, tg_table_name, tg_table_schema, new, old);
        return null;
      end $$;
      create trigger tell after insert or update on public.watched for each row execute function public.tell();`);
    const anna = newUser();
    await realtime.addMember('rows', anna);
    const member = await joined('room:rows', { private: true }, anna);
    await realtime.db.owner.query("insert into public.watched values (1, 'a'); update public.watched set name = 'b'");
    await settle(member, 'room:rows', true);
    expect(heardBy(member).slice(0, 2)).toMatchObject([
      {
        event: 'INSERT',
        payload: { operation: 'INSERT', schema: 'public', table: 'watched', record: { id: 1, name: 'a' }, old_record: null },
      },
      { event: 'UPDATE', payload: { record: { name: 'b' }, old_record: { name: 'a' } } },
    ]);
    await settle(raw, 'rows');
    expect(heardBy(raw).map(({ event }) => event)).toEqual(['INSERT', 'UPDATE', 'settle']);
  });

  it('carries bytes to those who speak version 2', async () => {
    const raw = await joined('bytes');
    await realtime.db.owner.query("select realtime.send_binary('\\x00ff01', 'raw', 'bytes', false)");
    await eventually(() => expect(raw.binaries).toHaveLength(1));
    const [data = Buffer.alloc(0)] = raw.binaries;
    const [, topicLength = 0, eventLength = 0, metaLength = 0, encoding] = data;
    const at = 5 + topicLength + eventLength;
    expect([data[0], encoding, data.toString('utf8', 5, at)]).toEqual([4, 0, 'realtime:bytesraw']);
    expect(JSON.parse(data.toString('utf8', at, at + metaLength))).toEqual({ id: expect.any(String) });
    expect(data.subarray(at + metaLength)).toEqual(Buffer.from([0, 255, 1]));
  });

  it('does not undo the change that it reports when it cannot be sent', async () => {
    await realtime.db.owner.query("select realtime.send('{}', 'x', null, false)");
    await realtime.db.owner.query("select realtime.send('[]', 'x', 'a', false)");
    const { rows } = await realtime.db.owner.query('select 1 as one');
    expect(rows).toEqual([{ one: 1 }]);
  });

  it('that nobody could read is left out', async () => {
    const raw = await joined('large');
    await realtime.db.owner.query("select realtime.send(jsonb_build_object('a', repeat('x', 3000001)), 'x', 'large', false)");
    await realtime.db.owner.query("select realtime.send('{}', repeat('x', 256), 'large', false)");
    await realtime.db.owner.query("select realtime.send('{}', 'x', repeat('t', 300), false)");
    await settle(raw, 'large');
    expect(heardBy(raw)).toHaveLength(1);
  });
});

describe('order', () => {
  it('holds for 1,000 messages to 20 sockets', async () => {
    const anna = newUser();
    await realtime.addMember('order', anna);
    const sockets = await Promise.all(Array.from({ length: 20 }, () => joined('room:order', { private: true }, anna)));
    for (let n = 0; n < 1_000; n += 50)
      await realtime.db.owner.query(
        "select realtime.send(jsonb_build_object('n', n), 'n', 'room:order') from generate_series($1::int, $1::int + 49) n",
        [n],
      );
    const all = Array.from({ length: 1_000 }, (_, n) => n);
    for (const raw of sockets) {
      await eventually(() => expect(heardBy(raw)).toHaveLength(1_000));
      expect(heardBy(raw).map((message) => (message['payload'] as { n: number }).n)).toEqual(all);
    }
  });

  it('does not wait for a foreign transaction', async () => {
    const raw = await joined('foreign');
    const client = await realtime.db.owner.connect();
    await client.query('begin');
    await client.query("select realtime.send('{}', 'held', 'foreign', false)");
    await realtime.send('foreign', 'free', {}, false);
    await raw.find((frame) => frame.payload['event'] === 'free', 1_000);
    await client.query('commit');
    client.release();
    await raw.find((frame) => frame.payload['event'] === 'held', 1_000);
  });
});

describe('a client', () => {
  it('sends to others, and to itself if it likes', async () => {
    const anna = await realtime.client();
    const bert = await realtime.client();
    const heard: string[] = [];
    const states: string[] = [];
    const channelOf = (client: typeof anna, name: string, self: boolean) =>
      client
        .channel('talk', { config: { broadcast: { self, ack: true } } })
        .on('broadcast', { event: 'word' }, ({ payload }) => heard.push(`${name} ${(payload as { word: string }).word}`))
        .subscribe((state) => states.push(state));
    const [first, second] = [channelOf(anna, 'anna', false), channelOf(bert, 'bert', true)];
    await eventually(() => expect(states).toEqual(['SUBSCRIBED', 'SUBSCRIBED']));
    expect(await first.send({ type: 'broadcast', event: 'word', payload: { word: 'one' } })).toBe('ok');
    expect(await second.send({ type: 'broadcast', event: 'word', payload: { word: 'two' } })).toBe('ok');
    await eventually(() => expect(heard.toSorted()).toEqual(['anna two', 'bert one', 'bert two']));
  });

  it('hears nothing from the other channel of the same name, private or public', async () => {
    const anna = newUser();
    await realtime.addMember('both', anna, { maySend: true });
    const open = await joined('room:both');
    const closed = await joined('room:both', { private: true }, anna);
    open.push('realtime:room:both', 'broadcast', { type: 'broadcast', event: 'forged', payload: {} });
    await realtime.send('room:both', 'public', {}, false);
    await settle(open, 'room:both');
    closed.push('realtime:room:both', 'broadcast', { type: 'broadcast', event: 'real', payload: {} });
    await realtime.send('room:both', 'private', {}, true);
    await settle(closed, 'room:both', true);
    expect(heardBy(open).map(({ event }) => event)).toEqual(['public', 'settle']);
    expect(heardBy(closed).map(({ event }) => event)).toEqual(['private', 'settle']);
  });

  it('that may not send on a private topic sends without effect', async () => {
    const [anna, bert] = [newUser(), newUser()];
    await realtime.addMember('quiet', anna);
    await realtime.addMember('quiet', bert, { maySend: true });
    const config = { private: true, broadcast: { ack: true } };
    const reader = await joined('room:quiet', config, anna);
    const writer = await joined('room:quiet', config, bert);
    reader.push('realtime:room:quiet', 'broadcast', { type: 'broadcast', event: 'forbidden', payload: {} }, 'r');
    reader.send(binaryFrame({ ref: 'b', topic: 'realtime:room:quiet', event: 'forbidden', payload: '{}' }));
    writer.push('realtime:room:quiet', 'broadcast', { type: 'broadcast', event: 'allowed', payload: {} }, 'w');
    await writer.find((frame) => frame.ref === 'w');
    await settle(writer, 'room:quiet', true);
    await settle(reader, 'room:quiet', true);
    expect(heardBy(writer).map(({ event }) => event)).not.toContain('forbidden');
    expect(heardBy(reader).map(({ event }) => event)).toContain('allowed');
    expect(reader.frames.filter((frame) => frame.ref === 'r' || frame.ref === 'b')).toEqual([]);
  });

  it('is heard in both versions, bytes in the newer one only', async () => {
    const sender = await joined('versions');
    const second = await joined('versions');
    const first = await realtime.raw({ vsn: '1.0.0' });
    first.send(
      JSON.stringify({ topic: 'realtime:versions', event: 'phx_join', payload: { config: {} }, ref: '1', join_ref: '1' }),
    );
    await first.find((frame) => frame.ref === '1');
    sender.send(binaryFrame({ topic: 'realtime:versions', event: 'bytes', payload: Buffer.from([1, 2, 3]) }));
    sender.send(binaryFrame({ topic: 'realtime:versions', event: 'json', payload: '{"n":1}' }));
    const message = { type: 'broadcast', event: 'json', payload: { n: 1 } };
    for (const raw of [first, second]) expect((await raw.find((frame) => frame.event === 'broadcast')).payload).toEqual(message);
    expect([first.binaries.length, second.binaries.length]).toEqual([0, 1]);
  });

  it('is told when its payload is too large, and nobody hears it', async () => {
    const raw = await joined('heavy', { broadcast: { ack: true, self: true } });
    const payload = JSON.stringify({ a: 'x'.repeat(3_000_000) });
    raw.send(binaryFrame({ ref: 'l', topic: 'realtime:heavy', event: 'x', payload }));
    expect((await raw.find((frame) => frame.ref === 'l')).payload).toMatchObject({ status: 'error' });
    expect(heardBy(raw)).toEqual([]);
  });
});

describe('replay', () => {
  it('gives the newest messages since a time to who may read the topic', async () => {
    const anna = newUser();
    await realtime.addMember('past', anna);
    await realtime.send('room:past', 'early', { id: '0' });
    const { rows } = await realtime.db.owner.query<{ ms: string }>(
      'select (extract(epoch from clock_timestamp()) * 1000)::bigint as ms',
    );
    const since = Number(rows[0]?.ms) + 1;
    await eventually(() => expect(Date.now()).toBeGreaterThan(since));
    for (let n = 1; n <= 30; n += 1) await realtime.send('room:past', 'late', { id: String(n) });
    await realtime.send('room:past', 'public', { id: 'p' }, false);
    const raw = await joined('room:past', { private: true, broadcast: { replay: { since, limit: 99 } } }, anna);
    await settle(raw, 'room:past', true);
    const heard = heardBy(raw).slice(0, -1);
    expect(heard.map((message) => (message['payload'] as { id: string }).id)).toEqual(
      Array.from({ length: 25 }, (_, index) => String(index + 6)),
    );
    expect(heard[0]).toMatchObject({ meta: { replayed: true, id: expect.any(String) } });
  });
});
