import { PlatformError } from '@durabase/contracts';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { createReadyTask, createWorkspace } from '../support/build-rows.ts';
import { rawRequest } from './support/raw-request.ts';
import { inShort, SECRET_KEY, withApi } from './support/test-api.ts';
import { useApi } from './support/use-api.ts';

const used = useApi();
let editor: string;

beforeAll(async () => {
  const workspace = await createWorkspace(used.database.owner);
  editor = workspace.users.editor;
  await createReadyTask(used.database.owner, workspace.id);
});

const START = '/api/v1/tasks/greet/runs';

describe('paths and methods', () => {
  it.each([
    '/',
    '/api',
    '/api/v1',
    '/api/v2/runs',
    '/api/v1/nothing',
    '/api/v1/runs/',
    '/API/v1/runs',
    '/api/v1/Runs',
    '//api/v1/runs',
    '/api//v1/runs',
    '/api/v1/runs.',
    '/api/v1/runs%2F',
    '/api%2Fv1%2Fruns',
    '/api/v1/tasks/a%2Fb/c',
    '/api/v1/%72uns/x/y',
    '/api/v1;x/runs',
    '/healthz/',
    '/Healthz',
  ])('knows no route %s', async (path) => {
    expect(inShort(await used.api.refusal('GET', path))).toBe('404 ROUTE_NOT_FOUND');
    expect(inShort(await used.api.refusal('GET', path, { as: editor }))).toBe('404 ROUTE_NOT_FOUND');
  });

  it.each([
    '/api/v1/tasks/..%2Fruns',
    '/api/v1/tasks/%67reet',
    '/api/v1/tasks/gre%65t',
    '/api/v1/runs/%2e%2e',
    '/api/v1/payloads/..%5c..%5cx',
    '/api/v1/tasks/greet;a=b',
  ])('asks who calls %s', async (path) => {
    const answer = await rawRequest(used.api.url, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  });

  it.each([
    'GET http://elsewhere.example/api/v1/runs',
    'GET /api/v1/runs#x',
    'GET /api/v1/runs?',
    'GET /./api/v1/runs',
    'GET /healthz/../api/v1/runs',
    'GET *',
  ])('never gives runs to nobody: %s', async (line) => {
    const answer = await rawRequest(used.api.url, `${line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 (?:400|401|404) /);
    expect(answer).not.toMatch(/"items"/);
  });

  it('refuses a path that is not properly encoded', async () => {
    expect(inShort(await used.api.refusal('GET', '/api/v1/tasks/%zz', { as: editor }))).toBe('422 INVALID_REQUEST');
  });

  it.each([
    ['DELETE', '/api/v1/tasks', 'GET, POST'],
    ['HEAD', '/api/v1/runs', 'GET, POST'],
    ['OPTIONS', '/api/v1/runs', 'GET, POST'],
    ['PUT', '/api/v1/tasks/greet', 'DELETE, GET'],
    ['GET', '/api/v1/tasks/greet/runs', 'POST'],
    ['GET', '/api/v1/runs/0198f000-0000-7000-8000-000000000000/cancel', 'POST'],
    ['POST', '/healthz', 'GET'],
    ['PROPFIND', '/api/v1/tasks', 'GET, POST'],
  ])('answers %s %s with 405 and says what is possible', async (method, path, allowed) => {
    const response = await fetch(`${used.api.url}${path}`, { method, headers: { apikey: SECRET_KEY } });
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe(allowed);
  });
});

describe('queries and headers', () => {
  it.each([
    ['/api/v1/runs?limit=0', 'limit'],
    ['/api/v1/runs?limit=201', 'limit'],
    ['/api/v1/runs?limit=ten', 'limit'],
    ['/api/v1/runs?limit=1&limit=2', 'limit'],
    ['/api/v1/runs?states=running,sleeping', 'states[1]'],
    ['/api/v1/runs?cursor=abc', 'cursor'],
    [`/api/v1/runs?cursor=${Buffer.from('["99999999999999999999","x"]').toString('base64url')}`, 'cursor'],
    ['/api/v1/runs?colour=red', 'colour'],
    ['/api/v1/runs?__proto__=red', '__proto__'],
    ['/api/v1/runs/42', 'run'],
    ['/api/v1/tasks/a%00b', 'task'],
    ['/api/v1/tasks/a%20b', 'task'],
  ])('refuses %s with the path', async (path, at) => {
    const refusal = await used.api.refusal('GET', path, { as: editor });
    expect([inShort(refusal), refusal.path]).toEqual(['422 INVALID_REQUEST', at]);
  });

  it('says what a field is called that is nearly right, and lists the fields otherwise', async () => {
    const nearly = await used.api.refusal('GET', '/api/v1/runs?state=failed', { as: editor });
    expect(nearly.hint).toBe('did you mean "states"?');
    const wrong = await used.api.refusal('GET', '/api/v1/runs?colour=red', { as: editor });
    expect(wrong.hint).toMatch(/^known: .*"states".*"limit"/);
  });

  it('refuses a NUL character in a query', async () => {
    const refusal = await used.api.refusal('GET', '/api/v1/tasks?tag=a%00b', { as: editor });
    expect([inShort(refusal), refusal.path]).toEqual(['422 INVALID_STRING', 'tag']);
  });

  it.each(['', 'x'.repeat(201), 'caf\u00e9'])('refuses the idempotency key %j', async (key) => {
    const refusal = await used.api.refusal('POST', START, { as: editor, json: {}, headers: { 'idempotency-key': key } });
    expect([inShort(refusal), refusal.path]).toEqual(['422 INVALID_REQUEST', 'Idempotency-Key']);
  });

  it('gives each request an id, and keeps one that it is given', async () => {
    const own = await used.api.refusal('GET', '/nothing');
    expect(own.requestId).toMatch(/^[0-9a-f-]{36}$/);
    expect(own.headers.get('x-request-id')).toBe(own.requestId);
    const kept = await used.api.refusal('GET', '/nothing', { headers: { 'x-request-id': 'trace-0123456789' } });
    expect(kept.requestId).toBe('trace-0123456789');
    const forged = await used.api.refusal('GET', '/nothing', { headers: { 'x-request-id': 'a b"c,{}' } });
    expect(forged.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('tells browsers to be careful, and nobody what it is made of', async () => {
    const { headers } = await used.api.call('GET', '/healthz');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toMatch(/default-src 'none'/);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('server')).toBeNull();
  });

  it('writes one line per request, without query, body or token', async () => {
    const requestId = 'log-line-under-test';
    await used.api.call('GET', '/api/v1/runs?limit=7', { as: editor, headers: { 'x-request-id': requestId } });
    const lines = used.api.lines.filter((line) => line.fields['requestId'] === requestId);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({
      level: 'info',
      event: 'http.answered',
      fields: { method: 'GET', route: '/api/v1/runs', status: 200 },
    });
    expect(JSON.stringify(lines)).not.toMatch(/limit|Bearer|eyJ/);
  });
});

describe('what goes wrong on our side', () => {
  it.each([
    ['an unknown error', new Error('the password is hunter2')],
    [
      'an error of ours with a message',
      new PlatformError('INTERNAL', { message: 'the password is hunter2', path: 'hunter2', hint: 'hunter2' }),
    ],
    ['no error at all', 'hunter2'],
  ])('is logged with its stack and tells callers nothing: %s', async (_name, thrown) => {
    const compile = (): Promise<never> => Promise.reject(thrown);
    await withApi({ gatewayUrl: used.database.urls.gatewayUrl, compile }, async (broken) => {
      const refusal = await broken.refusal('POST', '/api/v1/tasks/validate', { as: editor, json: {} });
      expect(inShort(refusal)).toBe('500 INTERNAL');
      expect(JSON.stringify(refusal)).not.toMatch(/hunter2|password|\bat /);
      const line = broken.lines.find((candidate) => candidate.event === 'http.failed');
      expect(line).toMatchObject({
        level: 'error',
        fields: { requestId: refusal.requestId, route: '/api/v1/tasks/validate', stack: expect.stringMatching(/\n +at /) },
      });
    });
  });
});
