import { beforeAll, describe, expect, it } from '@jest/globals';
import { inShort as authInShort } from '../support/auth-answers.ts';
import { inShort } from '../support/answers.ts';
import { expectedOf } from '../support/expected-of.ts';
import { claimsOf, signToken, withOtherClaims, withOtherSignature, withoutSignature } from '../support/tokens.ts';
import { useSupabase, type SignedIn } from '../support/use-supabase.ts';

const supabase = useSupabase((p) => ({
  create: `create function public.${p}_whoami() returns jsonb language sql stable as $$
    select jsonb_build_object('uid', auth.uid(), 'user', current_user) $$`,
  grant: `grant execute on function public.${p}_whoami() to anon, authenticated, service_role`,
}));
let anna: SignedIn;
let bert: SignedIn;

beforeAll(async () => {
  anna = await supabase.createUser();
  bert = await supabase.createUser();
});

/** Who the Data API takes the bearer of this token for. */
const askRest = async (token: string) => {
  const client = supabase.connect({ global: { headers: { Authorization: `Bearer ${token}` } } });
  return client.rpc(`${supabase.prefix}_whoami`);
};
const askAuth = (token: string) => supabase.connect().auth.getUser(token);

describe('Auth: tokens that are good', () => {
  it('are taken by REST', async () => {
    expect((await askRest(anna.token)).data).toEqual({ uid: anna.id, user: 'authenticated' });
  });

  it('are taken by REST until they expire, also after sign-out', async () => {
    const user = await supabase.createUser();
    await user.client.auth.signOut();
    expect((await askRest(user.token)).data).toEqual({ uid: user.id, user: 'authenticated' });
  });

  it('are taken beside one another, each for its own user', async () => {
    const tokens = Array.from({ length: 20 }, (_unused, index) => (index % 2 === 0 ? anna : bert));
    const answers = await Promise.all(tokens.map(({ token }) => askRest(token)));
    expect(answers.map(({ data }) => data.uid)).toEqual(tokens.map(({ id }) => id));
  });
});

describe('Auth: tokens that are not', () => {
  const BAD: readonly (readonly [string, () => string])[] = [
    ['another signature', () => withOtherSignature(anna.token)],
    ['another user', () => withOtherClaims(anna.token, { sub: bert.id })],
    ['another role', () => withOtherClaims(anna.token, { role: 'service_role' })],
    ['a longer life', () => withOtherClaims(anna.token, { exp: 9_999_999_999 })],
    ['three words', () => 'not.a.token'],
  ];
  const MALFORMED: typeof BAD = [
    ['no signature', () => withoutSignature(anna.token)],
    ['one word', () => 'nonsense'],
  ];

  it.each(MALFORMED)('make nobody of their bearer in REST: %s', async (_name, makeToken) => {
    const answer = await askRest(makeToken());
    expect([inShort(answer), answer.data?.user ?? null]).toEqual(expectedOf('malformed-token'));
  });

  it.each(BAD)('are refused by REST: %s', async (_name, makeToken) => {
    expect(inShort(await askRest(makeToken()))).toBe('401 PGRST301');
  });

  it.each([...BAD, ...MALFORMED])('are refused by Auth: %s', async (_name, makeToken) => {
    expect(authInShort(await askAuth(makeToken()))).toBe('403 bad_jwt');
  });
});

const ownTokens = supabase.settings.jwtSecret === undefined ? describe.skip : describe;
ownTokens('Auth: tokens signed with the secret of the project', () => {
  const sign = (changes: Readonly<Record<string, unknown>>, seconds = 60) =>
    signToken({ ...claimsOf(anna.token), ...changes }, { secret: supabase.settings.jwtSecret ?? '', seconds });

  it('are good', async () => expect((await askRest(await sign({}))).data).toMatchObject({ uid: anna.id }));

  it('are refused by REST when they have expired', async () => {
    const answer = await askRest(await sign({}, -60));
    expect([inShort(answer), answer.error?.message]).toEqual(['401 PGRST303', 'JWT expired']);
  });

  it('are refused by Auth when they have expired', async () => {
    expect(authInShort(await askAuth(await sign({}, -60)))).toBe('403 bad_jwt');
  });

  it('are refused when somebody else signed them', async () => {
    const forged = await signToken(claimsOf(anna.token), { secret: 'x'.repeat(40), seconds: 60 });
    expect([inShort(await askRest(forged)), authInShort(await askAuth(forged))]).toEqual(['401 PGRST301', '403 bad_jwt']);
  });

  it('make a visitor of somebody without a role', async () => {
    expect(inShort(await askRest(await sign({ role: undefined })))).toBe('200');
    expect((await askRest(await sign({ role: undefined }))).data).toMatchObject({ user: 'anon' });
  });

  it('do not make an owner of the database', async () => {
    expect(inShort(await askRest(await sign({ role: 'postgres' })))).toBe('403 42501');
  });

  it('do not make a role that does not exist', async () => {
    expect(inShort(await askRest(await sign({ role: 'nobody' })))).toBe(expectedOf('token-with-unknown-role'));
  });
});

describe('Auth: keys', () => {
  const ask = async (headers: Readonly<Record<string, string>>, query = '') => {
    const path = `${supabase.settings.url}/rest/v1/rpc/${supabase.prefix}_whoami${query}`;
    const answer = await fetch(path, { headers: { 'accept-profile': 'public', ...headers } });
    return { status: answer.status, body: (await answer.json()) as Readonly<Record<string, unknown>> };
  };

  it('the publishable one makes a visitor', async () => {
    expect((await ask({ apikey: supabase.settings.publishableKey })).body).toEqual({ uid: null, user: 'anon' });
  });

  it('the secret one makes the service', async () => {
    expect((await ask({ apikey: supabase.settings.secretKey })).body).toEqual({ uid: null, user: 'service_role' });
  });

  it('may stand in the address', async () => {
    expect((await ask({}, `?apikey=${supabase.settings.publishableKey}`)).body).toMatchObject({ user: 'anon' });
  });

  it.each<readonly [string, () => Readonly<Record<string, string>>]>([
    ['none', () => ({})],
    ['an unknown one', () => ({ apikey: 'sb_publishable_0000000000000000000000_00000000' })],
    ['a token in its place', () => ({ apikey: anna.token })],
    ['a token alone', () => ({ authorization: `Bearer ${anna.token}` })],
  ])('refused: %s', async (_name, headers) => expect((await ask(headers())).status).toBe(401));

  it('Auth refuses a caller without one, too', async () => {
    const answer = await fetch(`${supabase.settings.url}/auth/v1/user`, { headers: { authorization: `Bearer ${anna.token}` } });
    expect(answer.status).toBe(401);
  });
});

describe('Auth: public pages', () => {
  const ask = (path: string) =>
    fetch(`${supabase.settings.url}/auth/v1/${path}`, { headers: { apikey: supabase.settings.publishableKey } });

  it('publishes its keys', async () => {
    const answer = await ask('.well-known/jwks.json');
    expect([answer.status, await answer.json()]).toEqual([200, { keys: expect.any(Array) }]);
  });

  it('says that it is well', async () => expect((await ask('health')).status).toBe(200));

  it('shows its settings', async () => {
    expect(await (await ask('settings')).json()).toMatchObject({ external: { email: true }, disable_signup: false });
  });
});
