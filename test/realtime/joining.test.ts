import { describe, expect, it } from '@jest/globals';
import { newUser, useRealtime } from './support/use-realtime.ts';

const realtime = useRealtime();
const reasonOf = ({ payload }: { readonly payload: Readonly<Record<string, unknown>> }) => payload;
const refusal = (reason: unknown) => ({ status: 'error', response: { reason } });
const OK = { status: 'ok', response: { postgres_changes: [] } };

describe('joining', () => {
  it('is open to everybody where the channel is public', async () => {
    const raw = await realtime.raw();
    expect(reasonOf(await raw.join('realtime:lobby'))).toEqual(OK);
    expect(reasonOf(await raw.join('realtime:lobby2', {}, realtime.publishableKey))).toEqual(OK);
    expect(reasonOf(await raw.join('realtime:lobby3', {}, await realtime.token(newUser())))).toEqual(OK);
  });

  it('is open to members where the channel is private', async () => {
    const anna = newUser();
    await realtime.addMember('join', anna);
    const raw = await realtime.raw();
    expect(reasonOf(await raw.join('realtime:room:join', { private: true }, await realtime.token(anna)))).toEqual(OK);
  });

  it('is refused to strangers and visitors at once, in the real words', async () => {
    const raw = await realtime.raw();
    const unauthorized = refusal('Unauthorized: You do not have permissions to read from this Channel topic: room:join');
    const stranger = await realtime.token(newUser());
    expect(reasonOf(await raw.join('realtime:room:join', { private: true }, stranger))).toEqual(unauthorized);
    expect(reasonOf(await raw.join('realtime:room:join', { private: true }))).toEqual(unauthorized);
    expect(reasonOf(await raw.join('realtime:room:join', { private: true }, realtime.publishableKey))).toEqual(unauthorized);
  });

  it('takes the role from a verified token only', async () => {
    const secret = await realtime.raw({ apikey: realtime.secretKey });
    expect(reasonOf(await secret.join('realtime:room:any', { private: true }))).toEqual(OK);
    const raw = await realtime.raw();
    const service = await realtime.token(newUser(), { claims: { role: 'service_role' } });
    expect(reasonOf(await raw.join('realtime:room:any', { private: true }, service))).toEqual(OK);
    // A key in the place of a token is the connection's own, whatever it says.
    expect(reasonOf(await raw.join('realtime:room:any', { private: true }, realtime.secretKey))).toEqual(
      refusal('Unauthorized: You do not have permissions to read from this Channel topic: room:any'),
    );
  });

  it.each([
    ['expired', { lifeSeconds: -7 }, expect.stringMatching(/^InvalidJWTToken: Token has expired [789] seconds ago$/)],
    ['without role', { withoutClaims: ['role'] }, 'InvalidJWTToken: Fields `role` and `exp` are required in JWT'],
    ['without exp', { withoutClaims: ['exp'] }, 'InvalidJWTToken: Fields `role` and `exp` are required in JWT'],
    ['signed by somebody else', { secret: 'y'.repeat(64) }, 'JwtSignatureError: Failed to validate JWT signature'],
    [
      'of a role of the database',
      { claims: { role: 'postgres' } },
      expect.stringContaining('InvalidJWTToken: The role of the token'),
    ],
    [
      'of a login of ours',
      { claims: { role: 'realtime_server' } },
      expect.stringContaining('InvalidJWTToken: The role of the token'),
    ],
    [
      'whose role is an object',
      { claims: { role: { anon: 1 } } },
      expect.stringContaining('InvalidJWTToken: The role of the token'),
    ],
  ])('is refused with a token %s', async (_, options, reason) => {
    const raw = await realtime.raw();
    const token = await realtime.token(newUser(), options);
    expect(reasonOf(await raw.join('realtime:lobby', {}, token))).toEqual(refusal(reason));
  });

  it('is refused with what is no token, or says that nobody signed it', async () => {
    const raw = await realtime.raw();
    const [, payload = ''] = (await realtime.token(newUser())).split('.');
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
    expect(reasonOf(await raw.join('realtime:lobby', {}, 'nonsense'))).toEqual(
      refusal('MalformedJWT: The token provided is not a valid JWT'),
    );
    expect(reasonOf(await raw.join('realtime:lobby', {}, unsigned))).toEqual(
      refusal('JwtSignerError: Failed to generate JWT signer, check your JWT secret or JWKS configuration'),
    );
  });

  it('is refused when a policy raises, and the socket works on', async () => {
    const raw = await realtime.raw();
    const anna = newUser();
    const token = await realtime.token(anna);
    expect(reasonOf(await raw.join('realtime:uuid:no-uuid', { private: true }, token))).toEqual(
      refusal('Unauthorized: You do not have permissions to read from this Channel topic: uuid:no-uuid'),
    );
    expect(reasonOf(await raw.join(`realtime:uuid:${anna}`, { private: true }, token))).toEqual(OK);
  });

  it('leaves nothing of its questions in the table of messages', async () => {
    const anna = newUser();
    await realtime.addMember('probe', anna, { maySend: true });
    const raw = await realtime.raw();
    await raw.join('realtime:room:probe', { private: true }, await realtime.token(anna));
    const { rows } = await realtime.db.owner.query("select 1 from realtime.messages where topic = 'room:probe'");
    expect(rows).toEqual([]);
  });

  it.each([
    ['realtime:', {}, 'TopicNameRequired: You must provide a topic name'],
    ['lobby', {}, 'unmatched topic'],
    ['realtime:a', { private: 'perhaps' }, 'InvalidJoinPayload: private: unable to parse, expected boolean'],
    ['realtime:a', { broadcast: [] }, 'InvalidJoinPayload: broadcast: unable to parse, expected a map'],
    ['realtime:a', { postgres_changes: {} }, 'InvalidJoinPayload: postgres_changes: unable to parse, expected an array of maps'],
    ['realtime:a', { presence: { key: [] } }, 'InvalidJoinPayload: presence key: unable to parse, expected string'],
    ['realtime:a', { broadcast: { replay: { since: 1 } } }, 'UnableToReplayMessages: Replay is not allowed for public channels'],
    ['realtime:a', [], 'InvalidJoinPayload: config: unable to parse, expected a map'],
  ])('of %s with %j is refused', async (topic, config, reason) => {
    const raw = await realtime.raw();
    expect(reasonOf(await raw.join(topic, config))).toEqual(refusal(reason));
  });

  it('takes flags that come as text, and null for nothing', async () => {
    const raw = await realtime.raw();
    const config = { private: 'False', broadcast: { self: 'true' }, presence: null, postgres_changes: null };
    expect(reasonOf(await raw.join('realtime:lobby', config))).toEqual(OK);
    raw.push('realtime:lobby', 'broadcast', { type: 'broadcast', event: 'x', payload: { n: 1 } });
    await raw.find((frame) => frame.event === 'broadcast');
  });

  it('again, on the same socket, replaces the first time', async () => {
    const raw = await realtime.raw();
    const first = await raw.join('realtime:twice');
    const second = await raw.join('realtime:twice');
    expect(reasonOf(second)).toEqual(OK);
    await raw.find((frame) => frame.event === 'phx_close' && frame.joinRef === first.joinRef);
    await realtime.send('twice', 'x', { id: '1' }, false);
    await raw.find((frame) => frame.event === 'broadcast');
    raw.push('realtime:twice', 'phx_leave', {}, 'end');
    await raw.find((frame) => frame.event === 'phx_close' && frame.joinRef === second.joinRef);
    expect(raw.frames.filter((frame) => frame.event === 'broadcast')).toHaveLength(1);
  });

  it('leaves on request: reply, then close', async () => {
    const raw = await realtime.raw();
    const { joinRef } = await raw.join('realtime:leave');
    raw.push('realtime:leave', 'phx_leave', {}, 'l');
    await raw.find((frame) => frame.event === 'phx_close');
    expect(raw.frames.slice(-2)).toEqual([
      { joinRef, ref: 'l', topic: 'realtime:leave', event: 'phx_reply', payload: { status: 'ok', response: {} } },
      { joinRef, ref: joinRef, topic: 'realtime:leave', event: 'phx_close', payload: {} },
    ]);
  });

  it('works in version 1 of the protocol too', async () => {
    const raw = await realtime.raw({ vsn: '1.0.0' });
    raw.send(JSON.stringify({ topic: 'realtime:v1', event: 'phx_join', payload: { config: {} }, ref: '1', join_ref: '1' }));
    expect(reasonOf(await raw.find((frame) => frame.ref === '1'))).toEqual(OK);
    await realtime.send('v1', 'x', { id: '1' }, false);
    expect((await raw.find((frame) => frame.event === 'broadcast')).payload).toMatchObject({ event: 'x', payload: { id: '1' } });
  });
});
