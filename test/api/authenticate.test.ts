import { beforeAll, describe, expect, it } from '@jest/globals';
import { routes } from '../../src/api/routes/index.ts';
import { createReadyTask, createWorkspace, type Workspace } from '../support/build-rows.ts';
import { eventually } from '../support/eventually.ts';
import { inShort, SECRET_KEY, withApi } from './support/test-api.ts';
import { signWithSecret, tamper, unsigned } from './support/tokens.ts';
import { useApi } from './support/use-api.ts';

const LOCAL_SECRET = 'a-secret-of-the-local-stack-only-0123456789';
const used = useApi();
let workspace: Workspace;
let editor: string;

beforeAll(async () => {
  workspace = await createWorkspace(used.database.owner);
  editor = workspace.users.editor;
});

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
const refusalOf = (token: string) => used.api.refusal('GET', '/api/v1/runs', bearer(token));

describe('every route', () => {
  it('asks who calls, but for these', () => {
    const open = routes.filter((route) => route.access === 'public').map((route) => `${route.method} ${route.path}`);
    expect(open).toEqual([
      'POST /api/v1/step-tokens/complete',
      'POST /api/v1/step-tokens/fail',
      'GET /api/v1/openapi.json',
      'GET /api/v1/reference',
      'GET /healthz',
      'GET /readyz',
      'GET /metrics',
    ]);
  });

  it.each(routes.map((route) => [route.method, route.path, route.access] as const))(
    '%s %s lets in: %s',
    async (method, path, access) => {
      const filled = path.replace(/:\w+/g, '0198f000-0000-7000-8000-000000000000');
      const { status, headers } = await used.api.call(method, filled);
      expect(status === 401).toBe(access === 'caller');
      expect(headers.has('www-authenticate')).toBe(access === 'caller');
    },
  );
});

describe('tokens of users', () => {
  it('lets a user in whose token is signed by the published keys', async () => {
    expect((await used.api.call('GET', '/api/v1/runs', { as: editor })).status).toBe(200);
  });

  it('ends with the token, also for a caller who has just been let in', async () => {
    const token = await used.api.auth.sign(editor, { lifeSeconds: 2 });
    expect((await used.api.call('GET', '/api/v1/runs', bearer(token))).status).toBe(200);
    await eventually(async () =>
      expect((await used.api.call<{ code: string }>('GET', '/api/v1/runs', bearer(token))).body.code).toBe('TOKEN_EXPIRED'),
    );
  });

  it('says that a token has expired', async () => {
    const refusal = await refusalOf(await used.api.auth.sign(editor, { lifeSeconds: -1 }));
    expect(inShort(refusal)).toBe('401 TOKEN_EXPIRED');
    expect(refusal.headers.get('www-authenticate')).toMatch(/^Bearer .*invalid_token.*expired/);
  });

  it.each([
    ['signed by somebody else', () => used.api.auth.sign(editor, { withForeignKey: true })],
    ['of another issuer', () => used.api.auth.sign(editor, { claims: { iss: 'https://other.example/auth/v1' } })],
    ['for another audience', () => used.api.auth.sign(editor, { claims: { aud: 'elsewhere' } })],
    ['of the role anon', () => used.api.auth.sign(editor, { claims: { role: 'anon' } })],
    ['of the role service_role', () => used.api.auth.sign(editor, { claims: { role: 'service_role' } })],
    ['without a role', () => used.api.auth.sign(editor, { withoutClaims: ['role'] })],
    ['without an end', () => used.api.auth.sign(editor, { withoutClaims: ['exp'] })],
    ['without a subject', () => used.api.auth.sign(editor, { withoutClaims: ['sub'] })],
    ['of a subject that is no uuid', () => used.api.auth.sign('somebody')],
    ['not valid yet', () => used.api.auth.sign(editor, { claims: { nbf: Math.floor(Date.now() / 1_000) + 3_600 } })],
    ['with alg none', () => Promise.resolve(unsigned(editor, used.api.auth.issuer))],
    ['with a role changed after signing', async () => tamper(await used.api.auth.sign(editor), { role: 'service_role' })],
    [
      'with a subject changed after signing',
      async () => tamper(await used.api.auth.sign(workspace.users.viewer), { sub: editor }),
    ],
    ['signed with a shared secret outside of the local stack', () => signWithSecret(editor, LOCAL_SECRET)],
    ['that is no token', () => Promise.resolve('abc')],
    ['that is half a token', async () => (await used.api.auth.sign(editor)).slice(0, 40)],
  ])('refuses a token %s', async (_name, make) => {
    const refusal = await refusalOf(await make());
    expect(inShort(refusal)).toBe('401 UNAUTHENTICATED');
    expect(refusal.headers.get('www-authenticate')).toMatch(/^Bearer /);
  });

  it.each(['Basic YTpi', 'Bearer', 'Bearer a b', 'bearer'])('refuses the header %j', async (authorization) => {
    expect(inShort(await used.api.refusal('GET', '/api/v1/runs', { headers: { authorization } }))).toBe('401 UNAUTHENTICATED');
  });

  it('says that it is our fault when the keys cannot be read, without telling why', async () => {
    await withApi({ gatewayUrl: used.database.urls.gatewayUrl }, async (alone) => {
      const token = await alone.auth.sign(editor);
      await alone.auth.close();
      const refusal = await alone.refusal('GET', '/api/v1/runs', bearer(token));
      expect(inShort(refusal)).toBe('503 AUTH_UNAVAILABLE');
      expect(JSON.stringify(refusal)).not.toMatch(/fetch|ECONN|127\.0\.0\.1/);
      expect(alone.lines.some((line) => line.event === 'http.unavailable')).toBe(true);
    });
  });
});

describe('tokens of the local stack', () => {
  it('are users when the secret is set, by the same rules', async () => {
    await withApi({ gatewayUrl: used.database.urls.gatewayUrl, localSecret: LOCAL_SECRET }, async (local) => {
      const inShortFor = async (token: string) => inShort(await local.refusal('GET', '/api/v1/runs', bearer(token)));
      expect((await local.call('GET', '/api/v1/runs', bearer(await signWithSecret(editor, LOCAL_SECRET)))).status).toBe(200);
      expect(await inShortFor(await signWithSecret(editor, LOCAL_SECRET, { claims: { aud: 'elsewhere' } }))).toBe(
        '401 UNAUTHENTICATED',
      );
      expect(await inShortFor(await signWithSecret(editor, LOCAL_SECRET, { withoutClaims: ['exp'] }))).toBe(
        '401 UNAUTHENTICATED',
      );
      expect(await inShortFor(await signWithSecret(editor, LOCAL_SECRET, { lifeSeconds: -1 }))).toBe('401 TOKEN_EXPIRED');
      expect(await inShortFor(await signWithSecret(editor, 'another-secret-that-is-long-enough-too'))).toBe(
        '401 UNAUTHENTICATED',
      );
    });
  });
});

describe('the secret key', () => {
  const start = async (headers: Readonly<Record<string, string>>) => {
    const task = await createReadyTask(used.database.owner, workspace.id, {
      slug: `service-${Math.random().toString(36).slice(2)}`,
    });
    return used.api.call<{ actor: object }>('POST', `/api/v1/tasks/${task.id}/runs`, { json: {}, headers });
  };

  it.each([
    ['in the header apikey', { apikey: SECRET_KEY }],
    ['as a bearer token', { authorization: `Bearer ${SECRET_KEY}` }],
    ['in both, as supabase-js sends it', { apikey: SECRET_KEY, authorization: `Bearer ${SECRET_KEY}` }],
  ])('is the service %s', async (_name, headers) => {
    expect((await start(headers)).body.actor).toEqual({ kind: 'service', userId: null, name: 'service' });
  });

  it('lets a service name itself for the audit', async () => {
    expect((await start({ apikey: SECRET_KEY, 'x-durabase-actor': 'billing' })).body.actor).toMatchObject({
      kind: 'service',
      name: 'billing',
    });
    const refusal = await used.api.refusal('GET', '/api/v1/runs', {
      headers: { apikey: SECRET_KEY, 'x-durabase-actor': 'x'.repeat(101) },
    });
    expect(inShort(refusal)).toBe('422 INVALID_REQUEST');
  });

  it('does not make a service of a user who names himself', async () => {
    const { body } = await used.api.call<{ actor: object }>(
      'POST',
      `/api/v1/tasks/${(await createReadyTask(used.database.owner, workspace.id)).slug}/runs`,
      {
        as: editor,
        json: {},
        headers: { 'x-durabase-actor': 'billing' },
      },
    );
    expect(body.actor).toMatchObject({ kind: 'user', userId: editor });
  });

  it('gives way to the token of a user beside it, valid or not', async () => {
    const { body } = await used.api.call<{ actor: object }>('POST', '/api/v1/tasks/greet/runs', {
      as: editor,
      json: {},
      headers: { apikey: SECRET_KEY },
    });
    expect(body.actor).toMatchObject({ kind: 'user', userId: editor });
    const expired = await used.api.auth.sign(editor, { lifeSeconds: -1 });
    const refusal = await used.api.refusal('GET', '/api/v1/runs', {
      headers: { apikey: SECRET_KEY, authorization: `Bearer ${expired}` },
    });
    expect(inShort(refusal)).toBe('401 TOKEN_EXPIRED');
  });

  it.each(['', 'x', SECRET_KEY.slice(0, -1), `${SECRET_KEY}x`, SECRET_KEY.toUpperCase()])('is not %j', async (apikey) => {
    expect(inShort(await used.api.refusal('GET', '/api/v1/runs', { headers: { apikey } }))).toBe('401 UNAUTHENTICATED');
  });
});
