import { connect } from 'node:net';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { createReadyTask, createWorkspace, type Workspace } from '../support/build-rows.ts';
import { inShort, SECRET_KEY } from './support/test-api.ts';
import { useApi } from './support/use-api.ts';

const used = useApi();
let workspace: Workspace;
let editor: string;

beforeAll(async () => {
  workspace = await createWorkspace(used.database.owner);
  editor = workspace.users.editor;
  await createReadyTask(used.database.owner, workspace.id);
});

const START = '/api/v1/tasks/greet/runs';
const asJson = { 'content-type': 'application/json' };
const refused = async (method: string, path: string, options: Parameters<typeof used.api.refusal>[2]) =>
  used.api.refusal(method, path, { as: editor, ...options });

/** Nothing was accepted by what was refused. */
const countRuns = async (): Promise<number> =>
  Number((await used.database.owner.query<{ n: string }>('select count(*) as n from durabase.task_runs')).rows[0]?.n);

describe('bodies', () => {
  it.each([
    ['half a document', '{"input": '],
    ['no document', 'hello'],
    ['two documents', '{} {}'],
    ['a bare NaN', '{"input": NaN}'],
    ['broken UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
  ])('refuses %s as INVALID_JSON and quotes nothing of it', async (_name, raw) => {
    const refusal = await refused('POST', START, { raw, headers: asJson });
    expect(inShort(refusal)).toBe('400 INVALID_JSON');
    expect(JSON.stringify(refusal)).not.toMatch(/hello|NaN/);
  });

  it.each([
    ['none', {}],
    ['text/plain', { 'content-type': 'text/plain' }],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['a look-alike', { 'content-type': 'application/jsonp' }],
    ['another charset', { 'content-type': 'application/json; charset=utf-16' }],
    ['a compressed body', { ...asJson, 'content-encoding': 'gzip' }],
  ])('refuses another content type: %s', async (_name, headers) => {
    const refusal = await refused('POST', START, { raw: new TextEncoder().encode('{}'), headers });
    expect(inShort(refusal)).toBe('415 UNSUPPORTED_MEDIA_TYPE');
  });

  it('takes a charset of utf-8', async () => {
    const { status } = await used.api.call('POST', START, { as: editor, raw: '{}', headers: { 'content-type': 'Application/JSON; charset="UTF-8"' } });
    expect(status).toBe(201);
  });

  it('takes a body of 1 MiB and refuses one byte more, also when its length is not announced', async () => {
    const bodyOf = (length: number): string => `{"input":{"a":"${'x'.repeat(length - 18)}"}}`.padEnd(length);
    const exact = await used.api.call('POST', START, { as: editor, raw: bodyOf(1_048_576), headers: asJson });
    expect(exact.status).toBe(201);
    const more = bodyOf(1_048_577);
    expect(inShort(await refused('POST', START, { raw: more, headers: asJson }))).toBe('413 BODY_TOO_LARGE');
    const stream = new Blob([more]).stream();
    const chunked = await fetch(`${used.api.url}${START}`, { method: 'POST', body: stream, duplex: 'half', headers: { ...asJson, apikey: SECRET_KEY } } as RequestInit);
    expect(chunked.status).toBe(413);
  });

  it.each([
    ['{"input": {"__proto__": {"admin": true}}}', 'input.__proto__'],
    ['{"constructor": 1}', 'constructor'],
    ['{"input": {"list": [1, {"prototype": {}}]}}', 'input.list[1].prototype'],
    ['{"input": {"a": 1e400}}', 'input.a'],
    ['{"input": [0, -1e999]}', 'input[1]'],
  ])('refuses %s with the path', async (raw, path) => {
    const before = await countRuns();
    const refusal = await refused('POST', START, { raw, headers: asJson });
    expect(inShort(refusal)).toBe('422 INVALID_REQUEST');
    expect(refusal.path).toBe(path);
    expect(await countRuns()).toBe(before);
  });

  it('takes 64 levels and refuses 65', async () => {
    const nested = (levels: number): string => `{"input":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)}}`;
    expect((await used.api.call('POST', START, { as: editor, raw: nested(64), headers: asJson })).status).toBe(201);
    const refusal = await refused('POST', START, { raw: nested(65), headers: asJson });
    expect(inShort(refusal)).toBe('422 INVALID_REQUEST');
    expect(refusal.detail).toMatch(/64 levels/);
  });

  it('survives a body that is nothing but brackets', async () => {
    const refusal = await refused('POST', START, { raw: '['.repeat(1_000_000), headers: asJson });
    expect(inShort(refusal)).toBe('400 INVALID_JSON');
    const deep = await refused('POST', START, { raw: '['.repeat(500_000) + ']'.repeat(500_000), headers: asJson });
    expect(inShort(deep)).toBe('422 INVALID_REQUEST');
  });

  it.each([
    ['an array in place of an object', [], ''],
    ['a priority out of range', { priority: 6 }, 'priority'],
    ['a priority as text', { priority: '3' }, 'priority'],
    ['a workspace that is no uuid', { workspace: 'mine' }, 'workspace'],
    ['a time that is none', { runAt: 'tomorrow' }, 'runAt'],
    ['a time without a zone', { runAt: '2027-01-01T00:00:00' }, 'runAt'],
    ['a time before everything', { runAt: '0000-01-01T00:00:00Z' }, 'runAt'],
    ['a field that nobody knows', { inptu: {} }, 'inptu'],
  ])('refuses %s with the path', async (_name, json, path) => {
    const refusal = await refused('POST', START, { json });
    expect(inShort(refusal)).toBe('422 INVALID_REQUEST');
    expect(refusal.path ?? '').toBe(path);
    expect(refusal.problems?.length).toBeGreaterThan(0);
  });

  it('refuses a body where none is declared', async () => {
    const response = await rawRequest(used.api.url, `GET /api/v1/runs HTTP/1.1\r\nHost: x\r\napikey: ${SECRET_KEY}\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`);
    expect(response).toMatch(/^HTTP\/1\.1 415 /);
  });
});

describe('paths and methods', () => {
  it.each([
    '/', '/api', '/api/v1', '/api/v2/runs', '/api/v1/nothing', '/api/v1/runs/', '/API/v1/runs', '/api/v1/Runs', '//api/v1/runs', '/api//v1/runs',
    '/api/v1/runs.', '/api/v1/runs%2F', '/api%2Fv1%2Fruns', '/api/v1/tasks/a%2Fb/c', '/api/v1/%72uns/x/y', '/api/v1;x/runs', '/healthz/', '/Healthz',
  ])('knows no route %s', async (path) => {
    expect(inShort(await used.api.refusal('GET', path))).toBe('404 ROUTE_NOT_FOUND');
    expect(inShort(await used.api.refusal('GET', path, { as: editor }))).toBe('404 ROUTE_NOT_FOUND');
  });

  it.each([
    '/api/v1/tasks/..%2Fruns', '/api/v1/tasks/%67reet', '/api/v1/tasks/gre%65t', '/api/v1/runs/%2e%2e', '/api/v1/payloads/..%5c..%5cx', '/api/v1/tasks/greet;a=b',
  ])('asks who calls %s', async (path) => {
    const answer = await rawRequest(used.api.url, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  });

  it.each(['GET http://elsewhere.example/api/v1/runs', 'GET /api/v1/runs#x', 'GET /api/v1/runs?', 'GET /./api/v1/runs', 'GET /healthz/../api/v1/runs', 'GET *'])(
    'never gives runs to nobody: %s',
    async (line) => {
      const answer = await rawRequest(used.api.url, `${line} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 (?:400|401|404) /);
      expect(answer).not.toMatch(/"items"/);
    },
  );

  it('refuses a path that is not properly encoded', async () => {
    expect(inShort(await used.api.refusal('GET', '/api/v1/tasks/%zz', { as: editor }))).toBe('422 INVALID_REQUEST');
  });

  it.each([
    ['DELETE', '/api/v1/tasks', 'GET, POST'],
    ['HEAD', '/api/v1/runs', 'GET, POST'],
    ['OPTIONS', '/api/v1/runs', 'GET, POST'],
    ['PUT', '/api/v1/tasks/greet', 'GET'],
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
    expect(lines[0]).toMatchObject({ level: 'info', event: 'http.answered', fields: { method: 'GET', route: '/api/v1/runs', status: 200 } });
    expect(JSON.stringify(lines)).not.toMatch(/limit|Bearer|eyJ/);
  });
});

/** Sends bytes as they are, which no HTTP client would. */
const rawRequest = (url: string, text: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    let answer = '';
    const socket = connect(Number(port), hostname, () => socket.write(text));
    socket.setTimeout(5_000, () => socket.destroy(new Error('no answer')));
    socket.on('data', (chunk) => (answer += chunk.toString()));
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
  });
