import { describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import type { RawSocket } from './support/raw-socket.ts';
import { newUser, useRealtime } from './support/use-realtime.ts';

const realtime = useRealtime({ realtimeLimits: { presenceEventsPerSecond: 20 } });
const diffsOf = (raw: RawSocket) => raw.frames.filter((frame) => frame.event === 'presence_diff').map((frame) => frame.payload);
const shows = (key: string, meta: object) => ({ [key]: { metas: [expect.objectContaining(meta)] } });

const join = async (topic: string, key: string, options: { readonly userId?: string; readonly enabled?: boolean } = {}) => {
  const raw = await realtime.raw();
  const { userId, enabled = true } = options;
  const config = { private: userId !== undefined, presence: { key, enabled } };
  const answer = await raw.join(`realtime:${topic}`, config, userId === undefined ? undefined : await realtime.token(userId));
  expect(answer.payload['status']).toBe('ok');
  return {
    raw,
    track: async (payload: unknown, ref: string = crypto.randomUUID()) => {
      raw.push(`realtime:${topic}`, 'presence', { type: 'presence', event: 'track', payload }, ref);
      return (await raw.find((frame) => frame.ref === ref)).payload;
    },
    untrack: () => raw.push(`realtime:${topic}`, 'presence', { type: 'presence', event: 'untrack' }),
  };
};

describe('presence', () => {
  it('shows supabase-js who is there, who comes and who goes', async () => {
    const [anna, bert] = [await realtime.client(), await realtime.client()];
    const channelOf = (client: typeof anna, key: string) => client.channel('office', { config: { presence: { key } } });
    const seen: string[] = [];
    const first = channelOf(anna, 'anna')
      .on('presence', { event: 'sync' }, () => {})
      .on('presence', { event: 'join' }, ({ key }) => seen.push(`+${key}`))
      .on('presence', { event: 'leave' }, ({ key }) => seen.push(`-${key}`));
    first.subscribe((state) => {
      if (state === 'SUBSCRIBED') void first.track({ desk: 1 });
    });
    await eventually(() => expect(first.presenceState()).toEqual(shows2('anna', { desk: 1 })));
    const second = channelOf(bert, 'bert').on('presence', { event: 'sync' }, () => {});
    second.subscribe((state) => {
      if (state === 'SUBSCRIBED') void second.track({ desk: 2 });
    });
    const both = { ...shows2('anna', { desk: 1 }), ...shows2('bert', { desk: 2 }) };
    await eventually(() => expect([first.presenceState(), second.presenceState()]).toEqual([both, both]));
    await second.track({ desk: 3 });
    await eventually(() => expect(first.presenceState()).toMatchObject(shows2('bert', { desk: 3 })));
    await second.untrack();
    await eventually(() => expect(first.presenceState()).toEqual(shows2('anna', { desk: 1 })));
    expect(seen.filter((entry) => entry.endsWith('bert')).at(0)).toBe('+bert');
    expect(seen.at(-1)).toBe('-bert');
  });

  it('sends the state first, and what changes after', async () => {
    const anna = await join('room', 'anna');
    expect((await anna.raw.find((frame) => frame.event === 'presence_state')).payload).toEqual({});
    expect(await anna.track({ mood: 'good' })).toEqual({ status: 'ok', response: {} });
    const bert = await join('room', 'bert');
    expect((await bert.raw.find((frame) => frame.event === 'presence_state')).payload).toEqual(shows('anna', { mood: 'good' }));
    await anna.track({ mood: 'better' });
    expect(diffsOf(anna.raw)).toEqual([
      { joins: shows('anna', { mood: 'good', phx_ref: expect.any(String) }), leaves: {} },
      { joins: shows('anna', { mood: 'better', phx_ref_prev: expect.any(String) }), leaves: shows('anna', { mood: 'good' }) },
    ]);
  });

  it('ends with the channel and with the socket', async () => {
    const watcher = await join('exit', 'watcher');
    const [anna, bert] = [await join('exit', 'anna'), await join('exit', 'bert')];
    await anna.track({ n: 1 });
    await bert.track({ n: 2 });
    anna.raw.push('realtime:exit', 'phx_leave');
    await eventually(() => expect(diffsOf(watcher.raw)).toContainEqual({ joins: {}, leaves: shows('anna', { n: 1 }) }));
    bert.raw.terminate();
    await eventually(() => expect(diffsOf(watcher.raw)).toContainEqual({ joins: {}, leaves: shows('bert', { n: 2 }) }));
    const late = await join('exit', 'late');
    expect((await late.raw.find((frame) => frame.event === 'presence_state')).payload).toEqual({});
  });

  it('keeps several of one key apart', async () => {
    const [first, second] = [await join('twins', 'twin'), await join('twins', 'twin')];
    await first.track({ n: 1 });
    await second.track({ n: 2 });
    const late = await join('twins', 'late');
    const { payload } = await late.raw.find((frame) => frame.event === 'presence_state');
    expect((payload['twin'] as { metas: unknown[] }).metas).toMatchObject([{ n: 1 }, { n: 2 }]);
    first.raw.terminate();
    await eventually(() => expect(diffsOf(late.raw)).toEqual([{ joins: {}, leaves: shows('twin', { n: 1 }) }]));
  });

  it('takes keys and fields that are special to JavaScript as what they are', async () => {
    const anna = await join('proto', '__proto__');
    anna.raw.send(
      '[null,"p","realtime:proto","presence",{"event":"track","payload":{"__proto__":{"polluted":true},"constructor":1}}]',
    );
    await anna.raw.find((frame) => frame.ref === 'p');
    const bert = await realtime.raw();
    const texts: string[] = [];
    bert.ws.on('message', (data: Buffer) => texts.push(data.toString()));
    await bert.join('realtime:proto', { presence: { enabled: true } });
    await eventually(() =>
      expect(texts.join()).toContain('"__proto__":{"metas":[{"__proto__":{"polluted":true},"constructor":1,'),
    );
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it('is refused on a private topic to who may only hear it, and not shown to him', async () => {
    const [anna, bert] = [newUser(), newUser()];
    await realtime.addMember('shy', anna, { mayShow: true });
    await realtime.addMember('shy', bert);
    const first = await join('room:shy', 'anna', { userId: anna });
    const second = await join('room:shy', 'bert', { userId: bert });
    expect(await second.track({ n: 2 })).toEqual({ status: 'error', response: {} });
    expect(await first.track({ n: 1 })).toEqual({ status: 'ok', response: {} });
    await realtime.send('room:shy', 'x', {});
    await second.raw.find((frame) => frame.event === 'broadcast');
    expect(second.raw.frames.filter((frame) => frame.event.startsWith('presence'))).toEqual([]);
    expect(diffsOf(first.raw)).toHaveLength(1);
  });

  it('may be switched on by tracking', async () => {
    const anna = newUser();
    await realtime.addMember('lazy', anna, { mayShow: true });
    const lazy = await join('room:lazy', 'anna', { userId: anna, enabled: false });
    expect(await lazy.track({ n: 1 })).toEqual({ status: 'ok', response: {} });
    expect(diffsOf(lazy.raw)).toEqual([{ joins: shows('anna', { n: 1 }), leaves: {} }]);
    expect(lazy.raw.frames.filter((frame) => frame.event === 'presence_state')).toEqual([]);
  });

  it('refuses what is no object, and events that it does not know', async () => {
    const anna = await join('odd', 'anna');
    expect(await anna.track([1])).toEqual({ status: 'error', response: { reason: 'Presence track payload must be a map' } });
    expect(await anna.track('x')).toMatchObject({ status: 'error' });
    anna.raw.push('realtime:odd', 'presence', { event: 'dance' }, 'd');
    expect((await anna.raw.find((frame) => frame.ref === 'd')).payload).toMatchObject({ status: 'error' });
  });

  it('closes the channel of who shows too much, or too often', async () => {
    const large = await join('much', 'large');
    large.raw.push('realtime:much', 'presence', { event: 'track', payload: { a: 'x'.repeat(70_000) } });
    expect((await large.raw.find((frame) => frame.event === 'system')).payload['message']).toBe('Track message size exceeded');
    const often = await join('much', 'often');
    for (let n = 0; n < 40; n += 1) often.raw.push('realtime:much', 'presence', { event: 'track', payload: { n } });
    expect((await often.raw.find((frame) => frame.event === 'system')).payload['message']).toBe(
      'Client presence rate limit exceeded',
    );
    await often.raw.find((frame) => frame.event === 'phx_close');
  });
});

/** As supabase-js hands it out. */
function shows2(key: string, meta: object): object {
  return { [key]: [expect.objectContaining(meta)] };
}
