import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually.ts';
import { listen, makeTopic, refusalToListen, type Listener } from '../support/listen.ts';
import { claimsOf, signToken, withOtherClaims, withOtherSignature } from '../support/tokens.ts';
import { useSupabase, type SignedIn } from '../support/use-supabase.ts';
import { writeRooms } from './rooms.ts';

const supabase = useSupabase(writeRooms);
const PRIVATE = { config: { private: true } } as const;
const sendBySql = (topic: string, event: string) =>
  supabase.owner.query(`select realtime.send('{}', $1, $2, true)`, [event, topic]);
const came = async (listener: Listener, events: readonly string[]): Promise<void> => {
  await eventually(() => expect(listener.broadcasts.map(({ event }) => event)).toEqual(events));
};
let anna: SignedIn;

beforeAll(async () => {
  anna = await supabase.createUser();
});

describe('Realtime: tokens', () => {
  it('of a sign-in are used without further ado', async () => {
    expect((await listen(anna.client, makeTopic(supabase.prefix), PRIVATE)).statuses).toEqual(['SUBSCRIBED']);
  });

  it('are set by hand', async () => {
    const client = supabase.connect();
    await client.realtime.setAuth(anna.token);
    expect((await listen(client, makeTopic(supabase.prefix), PRIVATE)).statuses).toEqual(['SUBSCRIBED']);
  });

  it('of the option accessToken are used after setAuth()', async () => {
    const client = supabase.connect({ accessToken: async () => anna.token });
    await client.realtime.setAuth();
    expect((await listen(client, makeTopic(supabase.prefix), PRIVATE)).statuses).toEqual(['SUBSCRIBED']);
  });

  it('are refreshed while a channel is open', async () => {
    const user = await supabase.createUser();
    const topic = makeTopic(supabase.prefix, 'news');
    const listener = await listen(user.client, topic, PRIVATE);
    for (const round of ['one', 'two', 'three']) {
      expect((await user.client.auth.refreshSession()).error).toBeNull();
      await sendBySql(topic, round);
    }
    await came(listener, ['one', 'two', 'three']);
    expect(listener.statuses).toEqual(['SUBSCRIBED']);
  });

  it('of another user change who is listening', async () => {
    const [first, second] = [await supabase.createUser(), await supabase.createUser()];
    const client = supabase.connect();
    await client.realtime.setAuth(first.token);
    const listener = await listen(client, `user:${supabase.prefix}:${first.id}`, PRIVATE);
    await client.realtime.setAuth(second.token);
    await eventually(() => expect(listener.statuses.at(-1)).toBe('CLOSED'));
    expect((await listen(client, `user:${supabase.prefix}:${second.id}`, PRIVATE)).statuses).toEqual(['SUBSCRIBED']);
  });

  it.each<readonly [string, () => string, RegExp]>([
    ['another signature', () => withOtherSignature(anna.token), /JwtSignatureError|signature/i],
    ['another user', () => withOtherClaims(anna.token, { sub: crypto.randomUUID() }), /JwtSignatureError|signature/i],
    ['another role', () => withOtherClaims(anna.token, { role: 'service_role' }), /JwtSignatureError|signature/i],
  ])('with %s are refused', async (_name, makeToken, reason) => {
    const client = supabase.connect({ accessToken: async () => makeToken() });
    await client.realtime.setAuth();
    expect(await refusalToListen(client, makeTopic(supabase.prefix), PRIVATE)).toMatch(reason);
    expect(await refusalToListen(client, makeTopic(supabase.prefix))).toMatch(reason);
  });
});

const ownTokens = supabase.settings.jwtSecret === undefined ? describe.skip : describe;
ownTokens('Realtime: tokens that expire', () => {
  const sign = (seconds: number, changes: Readonly<Record<string, unknown>> = {}) =>
    signToken({ ...claimsOf(anna.token), ...changes }, { secret: supabase.settings.jwtSecret ?? '', seconds });

  it('are refused when they have expired', async () => {
    const client = supabase.connect();
    await client.realtime.setAuth(await sign(-60));
    expect(await refusalToListen(client, makeTopic(supabase.prefix))).toMatch(
      /^InvalidJWTToken: Token has expired \d+ seconds ago$/,
    );
  });

  it('close the channel when they expire, and supabase-js does not join again', async () => {
    const client = supabase.connect();
    await client.realtime.setAuth(await sign(2));
    const listener = await listen(client, makeTopic(supabase.prefix), PRIVATE);
    await eventually(() => expect(listener.statuses).toEqual(['SUBSCRIBED', 'CLOSED']));
    expect(listener.system.at(-1)).toMatchObject({ extension: 'system', status: 'error' });
    expect(listener.system.at(-1)?.message).toMatch(/^Token has expired \d+ seconds ago$/);
  });

  it('let the channel live on when a new one comes in time', async () => {
    const topic = makeTopic(supabase.prefix, 'news');
    const client = supabase.connect();
    await client.realtime.setAuth(await sign(2));
    const listener = await listen(client, topic, PRIVATE);
    await client.realtime.setAuth(await sign(600));
    // A channel whose token is younger than the first one ends: so the first one has expired, too.
    const witness = supabase.connect();
    await witness.realtime.setAuth(await sign(2));
    const ended = await listen(witness, makeTopic(supabase.prefix), PRIVATE);
    await eventually(() => expect(ended.statuses.at(-1)).toBe('CLOSED'));
    await sendBySql(topic, 'still here');
    await came(listener, ['still here']);
    expect(listener.statuses).toEqual(['SUBSCRIBED']);
  });

  it.each(['role', 'exp'])('are refused without %s', async (claim) => {
    const { exp, ...claims } = { ...claimsOf(anna.token) } as Record<string, unknown>;
    const whole: Record<string, unknown> = { ...claims, exp };
    delete whole[claim];
    const client = supabase.connect();
    await client.realtime.setAuth(
      await signToken(whole, { secret: supabase.settings.jwtSecret ?? '', seconds: claim === 'exp' ? undefined : 60 }),
    );
    expect(await refusalToListen(client, makeTopic(supabase.prefix))).toBe(
      'InvalidJWTToken: Fields `role` and `exp` are required in JWT',
    );
  });
});
