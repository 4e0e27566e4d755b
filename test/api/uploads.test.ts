import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Upload, upload } from '@durabase/contracts/api/upload';
import { createUploads, hostOf } from '../../src/platform/supabase/create-uploads.ts';
import { createHttpClient } from '../../src/platform/http/index.ts';
import { createWorkspace, type Workspace } from '../support/build-rows.ts';
import { readValue } from '../support/call.ts';
import { UPLOAD_BUCKET } from './support/storage-server.ts';
import { inShort, SECRET_KEY, withApi, type CallResult } from './support/test-api.ts';
import { useApi } from './support/use-api.ts';
import { urlOf, useProgram } from './support/use-program.ts';

const PATH = '/api/v1/uploads';
const used = useApi();
const startProgram = useProgram(used.database);
let acme: Workspace;

beforeAll(async () => {
  acme = await createWorkspace(used.database.owner);
});

const file = (more: object = {}) => ({ workspace: acme.id, fileName: 'sales.csv', contentType: 'text/csv', bytes: 4, ...more });
const ask = (more: object = {}): Promise<CallResult<Upload>> =>
  used.api.call<Upload>('POST', PATH, { as: acme.users.runner, json: file(more) });
const refused = async (as: string, more: object = {}): Promise<string> =>
  inShort(await used.api.refusal('POST', PATH, { as, json: file(more) }));
const countAudit = (): Promise<number> =>
  readValue(used.database.owner, "select count(*)::int from durabase.audit_log where action = 'upload.allowed'");

describe('POST /uploads', () => {
  it('gives a URL that takes this file once, straight into the bucket', async () => {
    const { status, body } = await ask();
    expect(status).toBe(201);
    expect(body.path).toMatch(new RegExp(`^${acme.id}/[0-9a-f-]{36}/sales\\.csv$`));
    expect([body.bucket, new URL(body.url).searchParams.get('token')]).toEqual([UPLOAD_BUCKET, body.token]);
    const life = Date.parse(body.expiresAt) - Date.now();
    expect(life).toBeGreaterThan(3_600_000);
    expect(life).toBeLessThanOrEqual(7_200_000);

    const put = () => fetch(body.url, { method: 'PUT', headers: { 'content-type': 'text/csv' }, body: 'a,b\n' });
    expect((await put()).status).toBe(200);
    expect(used.api.storage.files.get(body.path)).toBe('a,b\n');
    expect((await put()).status).toBe(400);
  });

  it('asks Storage for nobody who may not', async () => {
    const before = [used.api.storage.signed.length, await countAudit()];
    const other = await createWorkspace(used.database.owner);
    expect(await refused(acme.users.viewer)).toBe('403 FORBIDDEN');
    expect(await refused(other.users.owner)).toBe('404 WORKSPACE_NOT_FOUND');
    expect(await refused(acme.users.runner, { bytes: 1_001 })).toBe('413 BODY_TOO_LARGE');
    for (const wrong of [
      { fileName: '' },
      { fileName: 'x'.repeat(256) },
      { contentType: 'csv' },
      { bytes: 0 },
      { bytes: 1.5 },
      { more: 1 },
    ])
      expect(await refused(acme.users.runner, wrong)).toBe('422 INVALID_REQUEST');
    expect([used.api.storage.signed.length, await countAudit()]).toEqual(before);
    expect((await ask({ bytes: 1_000 })).status).toBe(201);
    expect([used.api.storage.signed.length, await countAudit()]).toEqual(before.map((count) => count + 1));
  });

  it('says that an instance without a bucket takes none', async () => {
    await withApi({ gatewayUrl: used.database.urls.gatewayUrl, maxUploadBytes: 0 }, async (api) => {
      expect(inShort(await api.refusal('POST', PATH, { as: acme.users.runner, json: file() }))).toBe('501 UPLOADS_UNAVAILABLE');
      expect(api.storage.signed).toEqual([]);
    });
  });
});

describe('server.ts', () => {
  it('takes uploads into the bucket of its settings', async () => {
    const program = startProgram({ DURABASE_SUPABASE_URL: used.api.storage.url, DURABASE_UPLOAD_BUCKET: UPLOAD_BUCKET });
    const post = async (more: object = {}) => {
      const headers = { apikey: SECRET_KEY, 'content-type': 'application/json' };
      return fetch(`${await urlOf(program)}${PATH}`, { method: 'POST', headers, body: JSON.stringify(file(more)) });
    };
    const answer = await post({ bytes: 52_428_800 });
    expect(answer.status).toBe(201);
    expect(used.api.storage.signed).toContain(upload.parse(await answer.json()).path);
    expect((await post({ bytes: 52_428_801 })).status).toBe(413);
  });
});

describe('when Storage', () => {
  const signing = async (answer: Parameters<typeof used.api.storage.answerWith>[0]) => {
    used.api.storage.answerWith(answer);
    try {
      return await used.api.refusal('POST', PATH, { as: acme.users.runner, json: file() });
    } finally {
      used.api.storage.answerWith(undefined);
    }
  };

  it.each([
    ['fails', { status: 500, body: '{"statusCode":"500"}' }],
    ['is behind a proxy that fails', { status: 502, body: '<html>' }],
    ['has too much to do', { status: 429, body: '{}' }],
    ['does not answer', 'hang'],
    ['sends us elsewhere', { status: 307, body: '' }],
    ['answers something else', { status: 200, body: '{"url":"https://evil.example.test/?token=x"}' }],
    ['signs with no end', { status: 200, body: '{"url":"/object/upload/sign/uploads/x?token=x"}' }],
  ] as const)('%s, callers are told to come back', async (_, answer) => {
    const refusal = await signing(answer);
    expect(inShort(refusal)).toBe('503 STORAGE_UNAVAILABLE');
    expect(Number(refusal.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(used.api.storage.asked).not.toContain('/elsewhere');
    expect(JSON.stringify(refusal)).not.toMatch(/127\.0\.0\.1|sb_secret|evil/);
  });

  it('refuses us, callers learn that uploads do not work, and the log has the reason', async () => {
    const refusal = await signing({ status: 400, body: '{"statusCode":"404","message":"Bucket not found"}' });
    expect(inShort(refusal)).toBe('501 UPLOADS_UNAVAILABLE');
    expect(JSON.stringify(refusal)).not.toContain('Bucket not found');
    expect(used.api.lines.find(({ fields }) => fields['code'] === 'UPLOADS_UNAVAILABLE')?.fields['reason']).toContain(
      'Bucket not found',
    );
  });
});

describe('the driver of Storage', () => {
  const http = createHttpClient({ allow: ['127.0.0.1:1', '127.0.0.0/8'] });
  afterAll(() => http.close());
  const open = (more: Partial<Parameters<typeof createUploads>[0]> = {}) =>
    createUploads({
      http,
      supabaseUrl: `${used.api.storage.url}/`,
      secretKey: SECRET_KEY,
      bucket: UPLOAD_BUCKET,
      maxBytes: 1,
      ...more,
    });

  it('tells a path that is taken from one that is free', async () => {
    const signed = await open().sign('a/b/c.txt');
    await fetch(signed?.url ?? '', { method: 'PUT', body: 'x' });
    expect(await open().sign('a/b/c.txt')).toBeUndefined();
    expect((await open().sign('a/b/d.txt'))?.url).toContain(`/${UPLOAD_BUCKET}/a/b/d.txt?token=`);
  });

  it('signs for the address at which others reach Storage', async () => {
    const signed = await open({ publicUrl: 'https://app.example/supabase/' }).sign('a/b/e.txt');
    expect(signed?.url).toMatch(/^https:\/\/app\.example\/supabase\/storage\/v1\/object\/upload\/sign\//);
  });

  it.each([
    ['a wrong key', { secretKey: 'sb_secret_wrong' }, 'UPLOADS_UNAVAILABLE'],
    ['a bucket that is not there', { bucket: 'elsewhere' }, 'UPLOADS_UNAVAILABLE'],
    ['nobody who listens', { supabaseUrl: 'http://127.0.0.1:1' }, 'STORAGE_UNAVAILABLE'],
  ])('with %s says so', async (_, more, code) => {
    await expect(open(more).sign('a/b/c.txt')).rejects.toMatchObject({ code });
  });

  it.each([
    ['http://gateway:8000', 'gateway:8000'],
    ['https://x.supabase.co', 'x.supabase.co:443'],
    ['http://[::1]', '[::1]:80'],
  ])('names the host of %s', (url, host) => {
    expect(hostOf(url)).toBe(host);
  });
});
