import { describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { newUser, useRealtime } from './support/use-realtime.ts';

const realtime = useRealtime();
const isSystem = (frame: { readonly event: string }) => frame.event === 'system';

describe('a channel', () => {
  it('ends when its token expires, in the real words', async () => {
    const anna = newUser();
    await realtime.addMember('short', anna);
    const raw = await realtime.raw();
    const { joinRef } = await raw.join('realtime:room:short', { private: true }, await realtime.token(anna, { lifeSeconds: 2 }));
    await raw.find((frame) => frame.event === 'phx_close');
    expect(raw.frames.slice(-2)).toEqual([
      {
        joinRef,
        ref: null,
        topic: 'realtime:room:short',
        event: 'system',
        payload: { extension: 'system', status: 'error', message: 'Token has expired 0 seconds ago', channel: 'room:short' },
      },
      { joinRef, ref: joinRef, topic: 'realtime:room:short', event: 'phx_close', payload: {} },
    ]);
    await realtime.send('room:short', 'x', { id: 'late' });
    await raw.join('realtime:after');
    expect(raw.frames.filter((frame) => frame.event === 'broadcast')).toEqual([]);
  });

  it('ends with the token that was the key of its connection, too', async () => {
    const raw = await realtime.raw({ apikey: await realtime.token(newUser(), { lifeSeconds: 2 }) });
    await raw.join('realtime:lobby');
    expect((await raw.find(isSystem)).payload).toMatchObject({ message: 'Token has expired 0 seconds ago' });
  });

  it('lives on with a new token', async () => {
    const anna = newUser();
    await realtime.addMember('fresh', anna);
    const raw = await realtime.raw();
    await raw.join('realtime:room:fresh', { private: true }, await realtime.token(anna, { lifeSeconds: 2 }));
    raw.push('realtime:room:fresh', 'access_token', { access_token: await realtime.token(anna) });
    // The second channel, of the same age, shows when the first token is over.
    await raw.join('realtime:clock', {}, await realtime.token(anna, { lifeSeconds: 2 }));
    await raw.find((frame) => frame.event === 'phx_close');
    await realtime.send('room:fresh', 'x', { id: 'on' });
    await raw.find((frame) => frame.event === 'broadcast');
    expect(raw.frames.filter((frame) => frame.event === 'phx_close').map(({ topic }) => topic)).toEqual(['realtime:clock']);
  });

  it('hears no more of a member who was removed, as soon as a new token comes', async () => {
    const anna = newUser();
    await realtime.addMember('left', anna);
    const raw = await realtime.raw();
    await raw.join('realtime:room:left', { private: true }, await realtime.token(anna));
    await realtime.removeMember('left', anna);
    raw.push('realtime:room:left', 'access_token', { access_token: await realtime.token(anna, { lifeSeconds: 7_200 }) });
    await raw.find((frame) => frame.event === 'phx_close');
    expect((await raw.find(isSystem)).payload).toMatchObject({
      status: 'error',
      message: 'You do not have permissions to read from this Channel topic: room:left',
    });
    await realtime.send('room:left', 'x', { id: 'late' });
    await raw.join('realtime:after');
    expect(raw.frames.filter((frame) => frame.event === 'broadcast')).toEqual([]);
  });

  it('ends when a right that it had is gone with the new token', async () => {
    const anna = newUser();
    await realtime.addMember('half', anna, { mayShow: true });
    const raw = await realtime.raw();
    await raw.join('realtime:room:half', { private: true, presence: { enabled: true } }, await realtime.token(anna));
    await realtime.db.owner.query("update members set may_show = false where room = 'half'");
    raw.push('realtime:room:half', 'access_token', { access_token: await realtime.token(anna, { lifeSeconds: 7_200 }) });
    expect((await raw.find(isSystem)).payload).toMatchObject({
      message: 'You no longer have permission to read from this Channel topic: room:half',
    });
  });

  it.each([
    ['expired', { lifeSeconds: -3 }, /^Token has expired [34] seconds ago$/],
    ['forged', { secret: 'z'.repeat(64) }, /^Failed to validate JWT signature$/],
    ['of another role', { claims: { role: 'postgres' } }, /role of the token/],
  ])('ends with a new token that is %s', async (_, options, message) => {
    const raw = await realtime.raw();
    const user = newUser();
    await raw.join('realtime:lobby', {}, await realtime.token(user));
    raw.push('realtime:lobby', 'access_token', { access_token: await realtime.token(user, options) });
    expect((await raw.find(isSystem)).payload['message']).toMatch(message);
    await raw.find((frame) => frame.event === 'phx_close');
  });

  it('takes no notice of the same token, of keys, and of nothing', async () => {
    const raw = await realtime.raw();
    const token = await realtime.token(newUser());
    await raw.join('realtime:lobby', {}, token);
    for (const access_token of [token, realtime.publishableKey, realtime.secretKey, null, 7, undefined])
      raw.push('realtime:lobby', 'access_token', { access_token });
    await raw.join('realtime:other');
    await realtime.send('lobby', 'x', { id: '1' }, false);
    await raw.find((frame) => frame.event === 'broadcast');
    expect(raw.frames.filter(isSystem)).toEqual([]);
  });

  it('sends by the rights of its newest token', async () => {
    const anna = newUser();
    await realtime.addMember('write', anna);
    const raw = await realtime.raw();
    const config = { private: true, broadcast: { self: true, ack: true } };
    await raw.join('realtime:room:write', config, await realtime.token(anna));
    const send = (ref: string) => raw.push('realtime:room:write', 'broadcast', { event: 'x', payload: {} }, ref);
    send('1');
    raw.push('realtime:room:write', 'presence', { event: 'none' }, 'after-1');
    await raw.find((frame) => frame.ref === 'after-1');
    await realtime.db.owner.query("update members set may_send = true where room = 'write'");
    send('2'); // the answer of before still holds
    raw.push('realtime:room:write', 'access_token', { access_token: await realtime.token(anna, { lifeSeconds: 7_200 }) });
    send('3');
    await raw.find((frame) => frame.ref === '3');
    expect(raw.frames.filter((frame) => frame.ref === '1' || frame.ref === '2')).toEqual([]);
    expect(raw.frames.filter((frame) => frame.event === 'broadcast')).toHaveLength(1);
  });
});

describe('supabase-js', () => {
  it('reports CLOSED when the token is over', async () => {
    const client = await realtime.client(newUser(), { lifeSeconds: 2 });
    const states: string[] = [];
    client.channel('lobby').subscribe((state) => states.push(state));
    await eventually(() => expect(states).toEqual(['SUBSCRIBED', 'CLOSED']));
  });

  it('reports CHANNEL_ERROR with the reason of a refusal', async () => {
    const client = await realtime.client(newUser());
    const reasons: unknown[] = [];
    client
      .channel('room:secret', { config: { private: true } })
      .subscribe((state, error) => reasons.push(`${state}: ${error?.message ?? ''}`));
    await eventually(() =>
      expect(reasons[0]).toEqual(
        expect.stringMatching(
          /^CHANNEL_ERROR: .*Unauthorized: You do not have permissions to read from this Channel topic: room:secret/,
        ),
      ),
    );
  });
});
