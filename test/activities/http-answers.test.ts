import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { redirectTo, sendBytes, type Target } from '../support/target-server.ts';
import { startHttpFixture, type HttpFixture } from './http-fixture.ts';

let fixture: HttpFixture;
let target: Target;
let other: Target;
let run: HttpFixture['run'];
let fail: HttpFixture['fail'];

beforeAll(async () => {
  fixture = await startHttpFixture();
  ({ target, other, run, fail } = fixture);
});
afterAll(() => fixture.close());

describe('the answer of http', () => {
  const bytes = Uint8Array.of(0, 255, 128, 65);

  it.each([
    ['application/json', '{"a":1}', 'auto', { a: 1 }],
    ['application/problem+json; charset=utf-8', '{"a":1}', 'auto', { a: 1 }],
    ['application/json', '\u{feff}{"a":1}', 'auto', { a: 1 }],
    ['application/json', '{"a":', 'auto', '{"a":'],
    ['application/json', '', 'auto', null],
    ['application/json', '', 'json', null],
    ['application/json', '{"a":1}', 'text', '{"a":1}'],
    ['application/json', '{}', 'base64', 'e30='],
    ['text/plain', '{"a":1}', 'auto', '{"a":1}'],
    ['text/plain', '{"a":1}', 'json', { a: 1 }],
    ['application/xml', '<a/>', 'auto', '<a/>'],
    ['image/svg+xml', '<svg/>', 'auto', '<svg/>'],
    ['application/x-ndjson', '{}\n{}', 'auto', '{}\n{}'],
    ['text/plain; charset=iso-8859-1', Buffer.from('grüße', 'latin1'), 'auto', 'grüße'],
    ['text/plain; charset="shift_jis"', Uint8Array.of(0x93, 0xfa, 0x96, 0x7b), 'auto', '日本'],
    ['text/plain; charset=nonsense', 'grüße', 'auto', 'grüße'],
    ['application/octet-stream', bytes, 'auto', 'AP+AQQ=='],
    ['image/png', 'text', 'auto', 'dGV4dA=='],
  ])('of type %s with %j is read as %s', async (type, content, responseType, body) => {
    target.on('/typed', sendBytes(Buffer.from(content), { 'content-type': type }));
    expect((await run({ url: `${target.url}/typed`, responseType })).body).toEqual(body);
  });

  it.each([
    ['text', Buffer.from('grüße'), 'grüße'],
    ['base64', Buffer.from(bytes), 'AP+AQQ=='],
    ['nothing', Buffer.alloc(0), null],
  ])('without a type is read as %s', async (_case, content, body) => {
    target.on('/untyped', (_request, response) => void response.writeHead(200).end(content));
    expect((await run({ url: `${target.url}/untyped` })).body).toEqual(body);
  });

  it('that is no JSON, though it should be, is an error that does not repeat it', async () => {
    target.on('/html', sendBytes(Buffer.from('hush-hush'), { 'content-type': 'text/html' }));
    const error = await fail({ url: `${target.url}/html`, responseType: 'json' });
    expect(error).toMatchObject({ code: 'STEP_OUTPUT_INVALID', retryable: false });
    expect(`${error.message}${JSON.stringify(error)}${String(error.cause)}`).not.toContain('hush-hush');
  });

  it('says where it came from after redirects, without the query', async () => {
    target.on('/from', redirectTo(302, `${other.url}/to?token=hush-hush#part`));
    expect((await run({ url: `${target.url}/from?a=b` })).url).toBe(`${other.url}/to`);
  });
});

describe('statuses of http', () => {
  it.each([
    [404, [404]],
    [404, ['4xx']],
    [302, ['3xx']],
    [201, ['2xx']],
    [503, ['2xx', 503]],
  ])('%d is a success where %j is expected', async (status, expectedStatuses) => {
    target.failTimes('/status', 1, status);
    expect(await run({ url: `${target.url}/status`, expect: expectedStatuses, redirects: 0 })).toMatchObject({ status });
  });

  it.each([408, 425, 429, 500, 502, 503, 504, 599])('%d can be retried', async (status) => {
    target.failTimes('/status', 1, status);
    const error = await fail({ url: `${target.url}/status?token=hush-hush` });
    expect(error).toMatchObject({ code: 'HTTP_STATUS', retryable: true, message: `"127.0.0.1" answered ${status}` });
    expect(error.details.data).toEqual({ status, body: '{"error":"failing as told"}' });
    expect(error.details.retryAfterMs).toBeUndefined();
  });

  it.each([302, 400, 401, 403, 404, 409, 410, 422, 451])('%d is final', async (status) => {
    target.failTimes('/status', 1, status);
    const error = await fail({ url: `${target.url}/status`, redirects: 0 });
    expect(error).toMatchObject({ code: 'HTTP_REFUSED', retryable: false, details: { data: { status } } });
  });

  it('200 is final too where another one is expected', async () => {
    expect(await fail({ expect: [204] })).toMatchObject({ code: 'HTTP_REFUSED', details: { data: { status: 200 } } });
  });

  it.each([
    ['7', 7_000],
    ['0', 0],
    ['3600', 3_600_000],
    ['86400', 3_600_000],
    ['99999999999999999999', 3_600_000],
    ['Fri, 31 Dec 1999 23:59:59 GMT', 0],
    ['Fri, 31 Dec 2999 23:59:59 GMT', 3_600_000],
    ['soon', undefined],
    ['', undefined],
  ])('Retry-After %j asks for %j ms', async (value, retryAfterMs) => {
    target.on('/busy', (_request, response) => void response.writeHead(429, { 'retry-after': value }).end());
    expect((await fail({ url: `${target.url}/busy` })).details.retryAfterMs).toBe(retryAfterMs);
  });

  it('Retry-After as a date counts from now', async () => {
    const date = new Date(Date.now() + 60_000).toUTCString();
    target.on('/busy', (_request, response) => void response.writeHead(503, { 'retry-after': date }).end());
    const { retryAfterMs } = (await fail({ url: `${target.url}/busy` })).details;
    expect(retryAfterMs).toBeGreaterThan(50_000);
    expect(retryAfterMs).toBeLessThanOrEqual(60_000);
  });

  it('come with an excerpt that is short and well formed', async () => {
    const text = `${'a'.repeat(499)}😀\0 and so on`;
    target.on('/long', (_request, response) => void response.writeHead(400, { 'content-type': 'text/plain' }).end(text));
    expect((await fail({ url: `${target.url}/long` })).details.data).toEqual({ status: 400, body: `${'a'.repeat(499)}\u{fffd}` });
  });

  it('come without an excerpt of binary content', async () => {
    target.on('/image', (_request, response) => void response.writeHead(400, { 'content-type': 'image/png' }).end('png'));
    expect((await fail({ url: `${target.url}/image` })).details.data).toEqual({ status: 400 });
  });
});
