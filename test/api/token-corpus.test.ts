import { createHmac, generateKeyPairSync, sign as signBytes, type KeyObject } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { createWorkspace } from '../support/build-rows.ts';
import { inShort } from './support/test-api.ts';
import { tamper } from './support/tokens.ts';
import { useApi } from './support/use-api.ts';

const used = useApi();
let user: string;
let viewer: string;

beforeAll(async () => {
  const { users } = await createWorkspace(used.database.owner);
  ({ editor: user, viewer } = users);
});

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const nowSeconds = (): number => Math.floor(Date.now() / 1_000);
const good = (change: object = {}): object => ({
  iss: used.api.auth.issuer,
  aud: 'authenticated',
  sub: user,
  role: 'authenticated',
  iat: nowSeconds(),
  exp: nowSeconds() + 600,
  ...change,
});
const hs256 = (header: object, secret: string, claims = good()): string => {
  const text = `${encode(header)}.${encode(claims)}`;
  return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
};
const byKey = (header: object, key: KeyObject, claims = good()): string => {
  const text = `${encode(header)}.${encode(claims)}`;
  const isEdwards = key.asymmetricKeyType === 'ed25519';
  const signature = signBytes(isEdwards ? null : 'sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' });
  return `${text}.${signature.toString('base64url')}`;
};
const published = async (): Promise<string> =>
  JSON.stringify(await (await fetch(`${used.api.auth.url}/auth/v1/.well-known/jwks.json`)).json());
const signed = (options: Parameters<typeof used.api.auth.sign>[1] = {}, sub = user): Promise<string> =>
  used.api.auth.sign(sub, options);
const withHeader = async (header: object): Promise<string> =>
  `${encode(header)}.${(await signed()).split('.').slice(1).join('.')}`;
const foreign = {
  ec: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }),
  edwards: generateKeyPairSync('ed25519'),
};
const jwkOf = (key: KeyObject): object => key.export({ format: 'jwk' });

/** Tokens as attackers make them. None may be anybody. */
const CORPUS: Readonly<Record<string, () => string | Promise<string>>> = {
  'alg none': () => `${encode({ alg: 'none' })}.${encode(good())}.`,
  'alg None': () => `${encode({ alg: 'None' })}.${encode(good())}.`,
  'alg NONE with a signature': async () => `${encode({ alg: 'NONE' })}.${encode(good())}.${(await signed()).split('.')[2] ?? ''}`,
  'no alg': () => `${encode({ typ: 'JWT' })}.${encode(good())}.x`,
  'alg null': () => `${encode({ alg: null })}.${encode(good())}.x`,
  'alg as a list': () => `${encode({ alg: ['ES256'] })}.${encode(good())}.x`,
  'HS256 by the published key as the secret': async () => hs256({ alg: 'HS256', kid: 'key-1' }, await published()),
  'HS256 by an empty secret': () => hs256({ alg: 'HS256' }, ''),
  'HS256 by "secret"': () => hs256({ alg: 'HS256' }, 'secret'),
  HS512: () => hs256({ alg: 'HS512' }, 'secret'),
  'another key under the published name': () => byKey({ alg: 'ES256', kid: 'key-1' }, foreign.ec.privateKey),
  'another key under no name': () => byKey({ alg: 'ES256' }, foreign.ec.privateKey),
  'another key under an unknown name': () => byKey({ alg: 'ES256', kid: 'key-2' }, foreign.ec.privateKey),
  'another key brought along as jwk': () =>
    byKey({ alg: 'ES256', kid: 'key-1', jwk: jwkOf(foreign.ec.publicKey) }, foreign.ec.privateKey),
  'another key brought along by jku': () =>
    byKey({ alg: 'ES256', kid: 'key-1', jku: 'https://evil.test/keys' }, foreign.ec.privateKey),
  'another key brought along by x5u': () =>
    byKey({ alg: 'ES256', kid: 'key-1', x5u: 'https://evil.test/cert' }, foreign.ec.privateKey),
  'a name that is a path': () => byKey({ alg: 'ES256', kid: '../../../../dev/null' }, foreign.ec.privateKey),
  'a name that is SQL': () => byKey({ alg: 'ES256', kid: "x' union select 'a" }, foreign.ec.privateKey),
  'RS256 by another key': () => byKey({ alg: 'RS256', kid: 'key-1' }, foreign.rsa.privateKey),
  'EdDSA by another key': () => byKey({ alg: 'EdDSA', kid: 'key-1' }, foreign.edwards.privateKey),
  'the header of another algorithm': () => withHeader({ alg: 'RS256', kid: 'key-1' }),
  'a header that was changed': () => withHeader({ alg: 'ES256', kid: 'key-1', typ: 'changed' }),
  'an unknown critical extension': () => withHeader({ alg: 'ES256', kid: 'key-1', crit: ['admin'], admin: true }),
  'a role that was changed': async () => tamper(await signed(), { role: 'service_role' }),
  'a subject that was changed': async () => tamper(await signed({}, viewer), { sub: user }),
  'an end that was put off': async () => tamper(await signed(), { exp: nowSeconds() + 86_400 }),
  'the role service_role': () => signed({ claims: { role: 'service_role' } }),
  'the role postgres': () => signed({ claims: { role: 'postgres' } }),
  'the role durabase_engine': () => signed({ claims: { role: 'durabase_engine' } }),
  'the role anon': () => signed({ claims: { role: 'anon' } }),
  'several roles': () => signed({ claims: { role: ['authenticated', 'service_role'] } as never }),
  'another project': () => signed({ claims: { iss: 'https://other.supabase.co/auth/v1' } }),
  'an issuer that begins the same': () => signed({ claims: { iss: `${used.api.auth.issuer}.evil.test` } }),
  'no issuer': () => signed({ withoutClaims: ['iss'] }),
  'another audience': () => signed({ claims: { aud: 'anon' } }),
  'no audience': () => signed({ withoutClaims: ['aud'] }),
  'no end': () => signed({ withoutClaims: ['exp'] }),
  'an end that is a text': () => signed({ claims: { exp: '9999999999' } as never }),
  'a time that has not come': () => signed({ claims: { nbf: nowSeconds() + 3_600 } }),
  'no subject': () => signed({ withoutClaims: ['sub'] }),
  'a subject that is no uuid': () => signed({}, 'admin'),
  'a subject that is SQL': () => signed({}, `${user}'; drop table durabase.tasks; --`),
  'an empty signature': async () => `${(await signed()).split('.').slice(0, 2).join('.')}.`,
  'a signature of zeros': async () =>
    `${(await signed()).split('.').slice(0, 2).join('.')}.${Buffer.alloc(64).toString('base64url')}`,
  'no signature': async () => (await signed()).split('.').slice(0, 2).join('.'),
  'two signatures': async () => `${await signed()}.${(await signed()).split('.')[2] ?? ''}`,
  'a payload that is a list': () => byKey({ alg: 'ES256', kid: 'key-1' }, foreign.ec.privateKey, [good()]),
  nothing: () => '..',
  'a very long one': () => `${'A'.repeat(7_000)}.${'A'.repeat(10)}.x`,
};

describe('tokens of attackers', () => {
  it('are many', () => expect(Object.keys(CORPUS).length).toBeGreaterThanOrEqual(30));

  it.each(Object.entries(CORPUS))('with %s are nobody', async (_name, make) => {
    const refusal = await used.api.refusal('GET', '/api/v1/runs', { headers: { authorization: `Bearer ${await make()}` } });
    expect(inShort(refusal)).toBe('401 UNAUTHENTICATED');
    expect(JSON.stringify(refusal)).not.toMatch(/jose|\bat .*:\d+|JWK/i);
  });

  it('are refused for what is wrong with them: the same token, made well, is somebody', async () => {
    const headers = { authorization: `Bearer ${await signed()}` };
    expect((await used.api.call('GET', '/api/v1/runs', { headers })).status).toBe(200);
  });

  it('do not live on when they have expired', async () => {
    const headers = { authorization: `Bearer ${await signed({ lifeSeconds: -1 })}` };
    expect(inShort(await used.api.refusal('GET', '/api/v1/runs', { headers }))).toBe('401 TOKEN_EXPIRED');
  });
});
