import { beforeAll, describe, expect, it } from '@jest/globals';
import { createWorkspace, type Workspace } from '../support/build-rows.ts';
import { rawRequest } from './support/raw-request.ts';
import { inShort, withApi, type TestApi } from './support/test-api.ts';
import { useApi } from './support/use-api.ts';

const used = useApi();
let acme: Workspace;

beforeAll(async () => {
  acme = await createWorkspace(used.database.owner);
});

type Settings = Parameters<typeof withApi>[0]['settings'];
const limited = (settings: NonNullable<Settings>, work: (api: TestApi) => Promise<void>): Promise<void> =>
  withApi({ gatewayUrl: used.database.urls.gatewayUrl, settings }, work);
const statusesOf = async (count: number, ask: () => Promise<{ readonly status: number }>): Promise<readonly number[]> => {
  const statuses: number[] = [];
  for (let n = 0; n < count; n += 1) statuses.push((await ask()).status);
  return statuses;
};

describe('limits', () => {
  it('count each caller by himself, whatever token he comes with', () =>
    limited({ DURABASE_RATE_LIMIT_CALLER: 3 }, async (api) => {
      const asEditor = async () => {
        const token = await api.auth.sign(acme.users.editor, { lifeSeconds: 100 + Math.floor(Math.random() * 400) });
        return api.call('GET', '/api/v1/runs', { headers: { authorization: `Bearer ${token}` } });
      };
      expect(await statusesOf(4, asEditor)).toEqual([200, 200, 200, 429]);
      expect(await statusesOf(3, () => api.call('GET', '/api/v1/runs', { as: acme.users.viewer }))).toEqual([200, 200, 200]);
      const refusal = await api.refusal('GET', '/api/v1/runs', { as: acme.users.editor });
      expect(inShort(refusal)).toBe('429 RATE_LIMITED');
      expect(Number(refusal.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(await statusesOf(6, () => api.call('GET', '/api/v1/runs', { asService: true }))).toEqual([
        200, 200, 200, 200, 200, 200,
      ]);
    }));

  it('end the guessing of credentials, and let probes ask', () =>
    limited({ DURABASE_RATE_LIMIT_ADDRESS: 25 }, async (api) => {
      const guess = () => api.call('GET', '/api/v1/runs', { headers: { apikey: 'x' } });
      expect(await statusesOf(4, guess)).toEqual([401, 401, 429, 429]);
      expect((await api.call('GET', '/api/v1/runs', { as: acme.users.editor })).status).toBe(429);
      expect(await statusesOf(30, () => api.call('GET', '/healthz'))).toEqual(Array.from({ length: 30 }, () => 200));
    }));

  it('hold those who come with a token in place of a login', () =>
    limited({ DURABASE_RATE_LIMIT_WITHOUT_LOGIN: 2 }, async (api) => {
      const guess = () => api.call('POST', '/api/v1/step-tokens/complete', { json: { token: 'dbt_guessed' } });
      expect(await statusesOf(3, guess)).toEqual([404, 404, 429]);
    }));

  it('count tokens of steps by address, over both of their routes and in production without being asked to', async () => {
    const from =
      (address: string, rest = 'complete') =>
      (api: TestApi) =>
      () =>
        api.call('POST', `/api/v1/step-tokens/${rest}`, {
          json: { token: 'dbt_guessed', ...(rest === 'fail' ? { message: 'no' } : {}) },
          headers: { 'x-forwarded-for': address },
        });
    const settings = { DURABASE_ENVIRONMENT: 'production', DURABASE_TRUSTED_PROXIES: 1 } as const;
    await limited({ ...settings, DURABASE_RATE_LIMIT_WITHOUT_LOGIN: 3 }, async (api) => {
      expect(await statusesOf(2, from('192.0.2.1')(api))).toEqual([404, 404]);
      expect(await statusesOf(2, from('192.0.2.1', 'fail')(api))).toEqual([404, 429]);
      expect(await statusesOf(1, from('192.0.2.2', 'fail')(api))).toEqual([404]);
      const refusal = await api.refusal('POST', '/api/v1/step-tokens/fail', {
        json: { token: 'dbt_guessed', message: 'no' },
        headers: { 'x-forwarded-for': '192.0.2.1' },
      });
      expect(inShort(refusal)).toBe('429 RATE_LIMITED');
      expect(Number(refusal.headers.get('retry-after'))).toBeGreaterThan(0);
    });
    await limited(settings, async (api) => {
      const statuses = await statusesOf(61, from('192.0.2.1')(api));
      expect(statuses.slice(0, 60).every((status) => status === 404)).toBe(true);
      expect(statuses[60]).toBe(429);
    });
  });

  it('believe X-Forwarded-For only as far as there are proxies', async () => {
    const from = (address: string) => ({ headers: { apikey: 'x', 'x-forwarded-for': address } });
    await limited({ DURABASE_RATE_LIMIT_ADDRESS: 10 }, async (api) => {
      expect((await api.call('GET', '/api/v1/runs', from('192.0.2.1'))).status).toBe(429);
      expect((await api.call('GET', '/api/v1/runs', from('192.0.2.2'))).status).toBe(429);
    });
    await limited({ DURABASE_RATE_LIMIT_ADDRESS: 12, DURABASE_TRUSTED_PROXIES: 1 }, async (api) => {
      const ask = async (address: string) => (await api.call('GET', '/api/v1/runs', from(address))).status;
      expect([await ask('192.0.2.1'), await ask('192.0.2.1'), await ask('192.0.2.2')]).toEqual([401, 429, 401]);
      expect(await ask('203.0.113.9, 192.0.2.1')).toBe(429); // what the client wrote stands further left
      expect([await ask('2001:db8::1'), await ask('2001:db8::2'), await ask('2001:db8:0:1::1')]).toEqual([401, 429, 401]);
    });
  });
});

describe('pages of other origins', () => {
  const PAGE = 'https://app.example.test';
  const preflight = (api: TestApi, origin: string) =>
    fetch(`${api.url}/api/v1/runs`, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST' } });

  it('are let in by name, with what they need and no more', () =>
    limited({ DURABASE_ENVIRONMENT: 'production', DURABASE_CORS_ORIGINS: [PAGE] }, async (api) => {
      const asked = await preflight(api, PAGE);
      expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([204, PAGE]);
      expect(asked.headers.get('access-control-allow-credentials')).toBeNull();
      const { headers } = await api.call('GET', '/api/v1/runs', { as: acme.users.editor, headers: { origin: PAGE } });
      expect([headers.get('access-control-allow-origin'), headers.get('vary')]).toEqual([PAGE, 'Origin']);
      for (const origin of ['https://app.example.test.evil.test', 'http://app.example.test', 'null', 'http://localhost:5173']) {
        const refused = await preflight(api, origin);
        expect([origin, refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([origin, 405, null]);
      }
    }));

  it('are none in production unless they are named, and those of this machine in the local stack', async () => {
    await limited({ DURABASE_ENVIRONMENT: 'production' }, async (api) => expect((await preflight(api, PAGE)).status).toBe(405));
    await limited({}, async (api) => {
      for (const origin of ['http://localhost:5173', 'http://127.0.0.1:3000'])
        expect((await preflight(api, origin)).status).toBe(204);
      for (const origin of [PAGE, 'http://localhost.evil.test', 'https://localhost:1', 'http://127.0.0.1.evil.test'])
        expect((await preflight(api, origin)).status).toBe(405);
    });
  });
});

describe('tags of tasks', () => {
  const path = () => `/api/v1/tasks?workspace=${acme.id}`;
  const define = (slug: string, name: string) => ({
    slug,
    name,
    steps: [{ id: 'rest', action: 'sleep', with: { duration: '1s' } }],
  });
  const save = (definition: object, headers: Readonly<Record<string, string>> = {}) =>
    used.api.call<{ code?: string; task: { id: string } }>('POST', path(), { as: acme.users.editor, json: definition, headers });

  it('change with every save, and spare sending what is known', async () => {
    const first = await save(define('tagged', 'One'));
    const tag = first.headers.get('etag') ?? '';
    const read = (headers: Readonly<Record<string, string>>) =>
      used.api.call('GET', `/api/v1/tasks/${first.body.task.id}`, { as: acme.users.viewer, headers });
    const known = await read({ 'if-none-match': tag });
    expect([known.status, known.text, known.headers.get('etag')]).toEqual([304, '', tag]);
    await save(define('tagged', 'Two'));
    const changed = await read({ 'if-none-match': tag });
    expect(changed.status).toBe(200);
    expect(changed.headers.get('etag')).not.toBe(tag);
    expect((await read({ 'if-none-match': `"x", W/${changed.headers.get('etag')}` })).status).toBe(304);
  });

  it('keep two people from saving over each other', async () => {
    const tag = (await save(define('shared-work', 'One'))).headers.get('etag') ?? '';
    const both = await Promise.all(['Mine', 'Yours'].map((name) => save(define('shared-work', name), { 'if-match': tag })));
    expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 412]);
    expect(both.find(({ status }) => status === 412)?.body.code).toBe('PRECONDITION_FAILED');
    const { body } = await used.api.call<{ items: unknown[] }>('GET', `/api/v1/tasks/shared-work/versions?workspace=${acme.id}`, {
      as: acme.users.editor,
    });
    expect(body.items).toHaveLength(2);
  });

  it('say that a task must exist, or must not', async () => {
    expect((await save(define('brand-new', 'One'), { 'if-match': '*' })).status).toBe(412);
    expect((await save(define('brand-new', 'One'), { 'if-none-match': '*' })).status).toBe(201);
    expect((await save(define('brand-new', 'Two'), { 'if-none-match': '*' })).status).toBe(412);
    expect((await save(define('brand-new', 'Two'), { 'if-match': '*' })).status).toBe(201);
    expect((await save(define('brand-new', 'Three'), { 'if-match': '"nonsense"' })).status).toBe(412);
  });
});

describe('paths', () => {
  const SPELLINGS = [
    '//api/v1/runs',
    '/api//v1/runs',
    '/api/v1//runs',
    '/api/v1/runs/',
    '/api/v1/runs//',
    '/api/v1/./runs',
    '/api/v1/x/../runs',
    '/api/v1/%2e/runs',
    '/api/v1/x/%2e%2e/runs',
    '/api/v1/..%2fv1/runs',
    '/api%2fv1/runs',
    '/api/v1%2fruns',
    '/api/v1/runs%2f',
    '/API/v1/runs',
    '/api/V1/runs',
    '/api/v1/Runs',
    '/api/v1/RUNS',
    '/api/v1/runs;x',
    '/api/v1/runs;x=1',
    '/api/v1;/runs',
    '/api/v1/runs.json',
    '/api/v1/runs.html',
    '/api/v1/runs%00',
    '/api/v1/runs%00.json',
    '/api/v1/runs%20',
    '/api/v1/runs%09',
    '/api/v1/runs%0a',
    '/api/v1/%72uns',
    '/api/v1/run%73',
    '/api/v1/runs%3f',
    '/api/v1/runs%23',
    '/api/v1\\runs',
    '/api/v1/runs\\',
    '/healthz/../api/v1/runs',
    '/healthz;/api/v1/runs',
    '/api/v1/openapi.json/../runs',
    '/api/v1/reference/runs',
    'http://other.test/api/v1/runs',
    '/api/v1/ru%6es/',
    '/api/v1/%2572uns',
    '/api/v1/runs/..;/runs',
  ];

  it.each(SPELLINGS)('%j reaches nothing without a login', async (path) => {
    const answer = await rawRequest(used.api.url, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(answer.split('\r\n')[0]).toMatch(/ (?:400|401|404|422) /);
    expect(answer).not.toContain('"items"');
  });
});
