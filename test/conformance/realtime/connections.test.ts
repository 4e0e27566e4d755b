import { describe, expect, it } from '@jest/globals';
import WebSocket from 'ws';
import { eventually } from '../../support/eventually.ts';
import { askForSocket } from '../support/handshake.ts';
import { listen, makeTopic, refusalToListen, type Listener } from '../support/listen.ts';
import { useSupabase, type Client } from '../support/use-supabase.ts';
import { writeRooms } from './rooms.ts';

const supabase = useSupabase(writeRooms);
const sendBySql = (topic: string, event: string) =>
  supabase.owner.query(`select realtime.send('{}', $1, $2, false)`, [event, topic]);
const came = async (listener: Listener, events: readonly string[]): Promise<void> => {
  await eventually(() => expect(listener.broadcasts.map(({ event }) => event)).toEqual(events));
};

/** A transport whose sockets a test can cut. */
const rememberIn = (sockets: WebSocket[]) =>
  class extends WebSocket {
    constructor(address: string | URL, protocols?: string | string[]) {
      super(address, protocols);
      sockets.push(this);
    }
  } as never;

describe('Realtime: channels', () => {
  it('are joined and left', async () => {
    const client = supabase.connect();
    const listener = await listen(client, makeTopic(supabase.prefix));
    expect(client.getChannels()).toHaveLength(1);
    expect(await client.removeChannel(listener.channel)).toBe('ok');
    expect(listener.statuses).toEqual(['SUBSCRIBED', 'CLOSED']);
    expect(client.getChannels()).toHaveLength(0);
  });

  it('are joined again under the same name', async () => {
    const client = supabase.connect();
    const topic = makeTopic(supabase.prefix);
    const first = await listen(client, topic);
    await client.removeChannel(first.channel);
    const second = await listen(client, topic);
    await sendBySql(topic, 'hello');
    await came(second, ['hello']);
    expect(first.broadcasts).toEqual([]);
  });

  it('share one connection, 100 of them, and no more', async () => {
    const client = supabase.connect();
    const listeners: Listener[] = [];
    // A project of the smallest kind allows 100 joins a second.
    for (let batch = 0; batch < 10; batch += 1)
      listeners.push(...(await Promise.all(Array.from({ length: 10 }, () => listen(client, makeTopic(supabase.prefix))))));
    expect(await refusalToListen(client, makeTopic(supabase.prefix))).toBe('ChannelRateLimitReached: Too many channels');
    await Promise.all(listeners.map(({ channel }) => sendBySql(channel.subTopic, channel.subTopic)));
    for (const listener of listeners) await came(listener, [listener.channel.subTopic]);
  }, 60_000);

  it('may have long names with any characters', async () => {
    const topic = `${makeTopic(supabase.prefix)}:ü 👩‍💻/?&#%:"`;
    const listener = await listen(supabase.connect(), topic);
    await sendBySql(topic, 'hello');
    await came(listener, ['hello']);
  });

  it('need a name', async () => {
    expect(await refusalToListen(supabase.connect(), '')).toMatch(/^TopicNameRequired/);
  });
});

describe('Realtime: connections', () => {
  it('are kept alive by heartbeats', async () => {
    const statuses: string[] = [];
    const client = supabase.connect({
      realtime: { heartbeatIntervalMs: 100, heartbeatCallback: (status) => void statuses.push(status) },
    });
    await listen(client, makeTopic(supabase.prefix));
    await eventually(() => expect(statuses.filter((status) => status === 'ok').length).toBeGreaterThan(2));
    expect(statuses).not.toContain('timeout');
  });

  it('need a key', async () => {
    const { url, publishableKey } = supabase.settings;
    expect([401, 403]).toContain(await askForSocket(url));
    expect([401, 403]).toContain(await askForSocket(url, 'sb_publishable_0000000000000000000000_00000000'));
    expect(await askForSocket(url, publishableKey)).toBe(101);
  });

  it('come back after they were cut, and channels with them', async () => {
    const sockets: WebSocket[] = [];
    const client = supabase.connect({ realtime: { transport: rememberIn(sockets), reconnectAfterMs: () => 50 } });
    const topic = makeTopic(supabase.prefix);
    const listener = await listen(client, topic);
    await sendBySql(topic, 'before');
    await came(listener, ['before']);
    sockets[0]?.terminate();
    await eventually(() => expect(listener.statuses.filter((status) => status === 'SUBSCRIBED')).toHaveLength(2));
    expect(listener.statuses[1]).toMatch(/^CHANNEL_ERROR/);
    await sendBySql(topic, 'after');
    await came(listener, ['before', 'after']);
    expect(sockets).toHaveLength(2);
  });

  it('bring changes back, too', async () => {
    const table = `${supabase.prefix}_things`;
    const sockets: WebSocket[] = [];
    const client = supabase.connect({
      key: supabase.settings.secretKey,
      realtime: { transport: rememberIn(sockets), reconnectAfterMs: () => 50 },
    });
    const listener = await listen(client, makeTopic(supabase.prefix), { changes: [{ table }] });
    sockets[0]?.terminate();
    await eventually(() => expect(listener.system.filter(({ status }) => status === 'ok')).toHaveLength(2));
    await supabase.owner.query(`insert into public.${table} values (7, 'after', 'unused')`);
    await eventually(() => expect(listener.changes[0]?.map((change) => change.new['name'])).toEqual(['after']));
  });
});

describe('Realtime: protocol 1.0.0', () => {
  const connect = (): Client => supabase.connect({ realtime: { vsn: '1.0.0' } });

  it('joins, sends and receives', async () => {
    const topic = makeTopic(supabase.prefix);
    const [old, other] = [await listen(connect(), topic), await listen(supabase.connect(), topic)];
    await old.channel.send({ type: 'broadcast', event: 'from the old one', payload: { n: 1 } });
    await came(other, ['from the old one']);
    expect(other.broadcasts[0]?.payload).toEqual({ n: 1 });
    await other.channel.send({ type: 'broadcast', event: 'from the new one', payload: { n: 2 } });
    await came(old, ['from the new one']);
    expect(old.broadcasts[0]?.payload).toEqual({ n: 2 });
  });

  it('hears changes', async () => {
    const table = `${supabase.prefix}_things`;
    const listener = await listen(
      supabase.connect({ key: supabase.settings.secretKey, realtime: { vsn: '1.0.0' } }),
      makeTopic(supabase.prefix),
      {
        changes: [{ table }],
      },
    );
    await supabase.owner.query(`insert into public.${table} values (1, 'one', 'unused')`);
    await eventually(() =>
      expect(listener.changes[0]?.map((change) => change.new)).toEqual([{ id: 1, name: 'one', topic: 'unused' }]),
    );
  });
});
