import { beforeAll, describe, expect, it } from '@jest/globals';
import type { RealtimeChannel, RealtimeChannelOptions } from '@supabase/supabase-js';
import { eventually } from '../../support/eventually.ts';
import { expectedOf } from '../support/expected-of.ts';
import { makeTopic } from '../support/listen.ts';
import { useSupabase, type Client, type SignedIn } from '../support/use-supabase.ts';
import { writeRooms } from './rooms.ts';

const supabase = useSupabase(writeRooms);
let anna: SignedIn;

beforeAll(async () => {
  anna = await supabase.createUser();
});

interface Seat {
  readonly channel: RealtimeChannel;
  /** What was told, such as `join anna red`. */
  readonly told: readonly string[];
  /** Who is present, by key, with what they track. */
  present(): Readonly<Record<string, readonly unknown[]>>;
}

const takeSeat = async (client: Client, topic: string, config: RealtimeChannelOptions['config']): Promise<Seat> => {
  const channel = client.channel(topic, { config });
  const told: string[] = [];
  let status = '';
  const colors = (presences: readonly object[]): string =>
    presences.map((presence) => ('color' in presence ? String(presence.color) : '')).join('+');
  channel
    .on('presence', { event: 'join' }, ({ key, newPresences }) => void told.push(`join ${key} ${colors(newPresences)}`))
    .on('presence', { event: 'leave' }, ({ key, leftPresences }) => void told.push(`leave ${key} ${colors(leftPresences)}`))
    .subscribe((next) => void (status = next));
  await eventually(() => expect(status).toBe('SUBSCRIBED'));
  return {
    channel,
    told,
    present: () =>
      Object.fromEntries(
        Object.entries(channel.presenceState()).map(([key, presences]) => [
          key,
          presences.map(({ presence_ref: _ref, ...tracked }) => tracked),
        ]),
      ),
  };
};
const seat = (topic: string, key: string, client = supabase.connect()): Promise<Seat> =>
  takeSeat(client, topic, { presence: { key } });

describe('Realtime: presence', () => {
  it('shows two clients to each other', async () => {
    const topic = makeTopic(supabase.prefix);
    const [one, two] = [await seat(topic, 'one'), await seat(topic, 'two')];
    expect(await one.channel.track({ color: 'red' })).toBe('ok');
    expect(await two.channel.track({ color: 'blue' })).toBe('ok');
    for (const { present } of [one, two])
      await eventually(() => expect(present()).toEqual({ one: [{ color: 'red' }], two: [{ color: 'blue' }] }));
    expect(one.told).toEqual(['join one red', 'join two blue']);
  });

  it('shows a newcomer who is there', async () => {
    const topic = makeTopic(supabase.prefix);
    const one = await seat(topic, 'one');
    await one.channel.track({ color: 'red' });
    const late = await seat(topic, 'late');
    await eventually(() => expect(late.present()).toEqual({ one: [{ color: 'red' }] }));
  });

  it('tells of a change of what is tracked', async () => {
    const topic = makeTopic(supabase.prefix);
    const [one, two] = [await seat(topic, 'one'), await seat(topic, 'two')];
    await one.channel.track({ color: 'red' });
    await one.channel.track({ color: 'green' });
    await eventually(() => expect(two.present()).toEqual({ one: [{ color: 'green' }] }));
  });

  it('tells of somebody who untracks', async () => {
    const topic = makeTopic(supabase.prefix);
    const [one, two] = [await seat(topic, 'one'), await seat(topic, 'two')];
    await one.channel.track({ color: 'red' });
    await eventually(() => expect(two.present()).toEqual({ one: [{ color: 'red' }] }));
    await one.channel.untrack();
    await eventually(() => expect(two.present()).toEqual({}));
    expect(two.told).toEqual(['join one red', 'leave one red']);
  });

  it('tells of somebody who leaves the channel', async () => {
    const topic = makeTopic(supabase.prefix);
    const client = supabase.connect();
    const [one, two] = [await seat(topic, 'one', client), await seat(topic, 'two')];
    await one.channel.track({ color: 'red' });
    await eventually(() => expect(two.present()).toEqual({ one: [{ color: 'red' }] }));
    await client.removeChannel(one.channel);
    await eventually(() => expect(two.present()).toEqual({}));
  });

  it('tells of somebody whose connection ends', async () => {
    const topic = makeTopic(supabase.prefix);
    const client = supabase.connect();
    const [one, two] = [await seat(topic, 'one', client), await seat(topic, 'two')];
    await one.channel.track({ color: 'red' });
    await eventually(() => expect(two.present()).toEqual({ one: [{ color: 'red' }] }));
    await client.realtime.disconnect();
    await eventually(() => expect(two.present()).toEqual({}));
  });

  it('keeps several clients with one key apart', async () => {
    const topic = makeTopic(supabase.prefix);
    const [one, same, other] = [await seat(topic, 'one'), await seat(topic, 'one'), await seat(topic, 'other')];
    await one.channel.track({ color: 'red' });
    await same.channel.track({ color: 'blue' });
    await eventually(() => expect(other.present()['one']).toHaveLength(2));
    await same.channel.untrack();
    await eventually(() => expect(other.present()).toEqual({ one: [{ color: 'red' }] }));
  });

  it('makes a key when there is none', async () => {
    const topic = makeTopic(supabase.prefix);
    const [one, two] = [await seat(topic, ''), await seat(topic, 'two')];
    await one.channel.track({ color: 'red' });
    await eventually(() => expect(Object.values(two.present())).toEqual([[{ color: 'red' }]]));
    expect(Object.keys(two.present())[0]).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('Realtime: presence that changes often', () => {
  it('after eight changes in a row', async () => {
    const topic = makeTopic(supabase.prefix);
    const [one, two] = [await seat(topic, 'one'), await seat(topic, 'two')];
    for (let n = 1; n <= 8; n += 1) await one.channel.track({ color: String(n) }, { timeout: 1_000 });
    await eventually(() => expect(two.present()).toEqual(expectedOf('presence-changes')));
  });
});

describe('Realtime: presence on private channels', () => {
  it('works for whom the policies let receive and send', async () => {
    const topic = makeTopic(supabase.prefix, 'seat');
    const bert = await supabase.createUser();
    const one = await takeSeat(anna.client, topic, { private: true, presence: { key: 'anna' } });
    const two = await takeSeat(bert.client, topic, { private: true, presence: { key: 'bert' } });
    expect(await one.channel.track({ color: 'red' })).toBe('ok');
    await eventually(() => expect(two.present()).toEqual({ anna: [{ color: 'red' }] }));
  });

  it('shows nobody to whom only broadcasts are allowed, and lets him track nothing', async () => {
    const topic = makeTopic(supabase.prefix, 'news');
    const one = await takeSeat(anna.client, topic, { private: true, presence: { key: 'anna' } });
    expect(await one.channel.track({ color: 'red' })).toBe('error');
    expect(one.present()).toEqual({});
  });
});
