import { beforeAll, describe, expect, it } from '@jest/globals';
import { createReadyTask, createWorkspace } from '../support/build-rows.ts';
import { rawRequest } from './support/raw-request.ts';
import { inShort, SECRET_KEY } from './support/test-api.ts';
import { useApi } from './support/use-api.ts';

const used = useApi();
let editor: string;

beforeAll(async () => {
  const workspace = await createWorkspace(used.database.owner);
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
    const { status } = await used.api.call('POST', START, {
      as: editor,
      raw: '{}',
      headers: { 'content-type': 'Application/JSON; charset="UTF-8"' },
    });
    expect(status).toBe(201);
  });

  it('takes a body of 1 MiB and refuses one byte more, also when its length is not announced', async () => {
    const bodyOf = (length: number): string => `{"input":{"a":"${'x'.repeat(length - 18)}"}}`.padEnd(length);
    const exact = await used.api.call('POST', START, { as: editor, raw: bodyOf(1_048_576), headers: asJson });
    expect(exact.status).toBe(201);
    const more = bodyOf(1_048_577);
    expect(inShort(await refused('POST', START, { raw: more, headers: asJson }))).toBe('413 BODY_TOO_LARGE');
    const stream = new Blob([more]).stream();
    const chunked = await fetch(`${used.api.url}${START}`, {
      method: 'POST',
      body: stream,
      duplex: 'half',
      headers: { ...asJson, apikey: SECRET_KEY },
    } as RequestInit);
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

  it('takes an empty body for none', async () => {
    const head = `POST ${START} HTTP/1.1\r\nHost: x\r\napikey: ${SECRET_KEY}\r\nContent-Type: application/json\r\nConnection: close\r\n`;
    expect(await rawRequest(used.api.url, `${head}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 201 /);
    expect(await rawRequest(used.api.url, `${head}Content-Length: 0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 201 /);
  });

  it('refuses a body where none is declared', async () => {
    const response = await rawRequest(
      used.api.url,
      `GET /api/v1/runs HTTP/1.1\r\nHost: x\r\napikey: ${SECRET_KEY}\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}`,
    );
    expect(response).toMatch(/^HTTP\/1\.1 415 /);
  });
});
