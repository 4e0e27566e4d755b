import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { lieAboutLength, neverAnswer, redirectTo, respondJson, sendBytes, type Target } from '../support/target-server.ts';
import { lastRequest, startHttpFixture, type HttpFixture } from './http-fixture.ts';

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

const secret = (value: string, hosts: readonly string[] = [new URL(target.url).host]) => ({ name: 'KEY', value, hosts });

describe('the request of http', () => {
  it('is a GET by default, without a body and without a key', async () => {
    const output = await run({ url: `${target.url}/orders?page=1` });
    expect(lastRequest(target)).toMatchObject({
      method: 'GET',
      path: '/orders',
      body: '',
      headers: { 'user-agent': 'durabase', accept: '*/*' },
    });
    expect(lastRequest(target).headers['idempotency-key']).toBeUndefined();
    expect(output).toMatchObject({ status: 200, body: {}, url: `${target.url}/orders` });
    expect(output.durationMs).toBeGreaterThanOrEqual(0);
  });

  it('adds the query behind the one of the URL, which keeps its spelling', async () => {
    let rawUrl: string | undefined;
    target.on('/q', (_request, response) => {
      rawUrl = response.req.url;
      response.end();
    });
    await run({ url: `${target.url}/q?sig=a%2fb%20c`, query: { day: 'mön & tue', ids: [1, 2], on: true } });
    expect(rawUrl).toBe('/q?sig=a%2fb%20c&day=m%C3%B6n+%26+tue&ids=1&ids=2&on=true');
  });

  it.each([
    [{ json: { a: [1, null, 'ü'] } }, '{"a":[1,null,"ü"]}', 'application/json'],
    [{ json: null }, 'null', 'application/json'],
    [{ form: { a: 'b c', n: 1, on: false } }, 'a=b+c&n=1&on=false', 'application/x-www-form-urlencoded'],
    [{ body: 'plain ü' }, 'plain ü', 'text/plain;charset=UTF-8'],
    [{ body: '<a/>', headers: { 'Content-Type': 'application/xml' } }, '<a/>', 'application/xml'],
    [{ body: '' }, '', 'text/plain;charset=UTF-8'],
  ])('sends the body of %j', async (input, body, type) => {
    await run({ method: 'post', ...input });
    expect(lastRequest(target)).toMatchObject({ method: 'POST', body, headers: { 'content-type': type } });
  });

  it.each([
    [{ bearer: 'token' }, { authorization: 'Bearer token' }],
    [{ basic: { user: 'ana', password: 'p:ü' } }, { authorization: `Basic ${Buffer.from('ana:p:ü').toString('base64')}` }],
    [{ header: { name: 'X-Api-Key', value: 'token' } }, { 'x-api-key': 'token' }],
  ])('proves itself by %j', async (auth, headers) => {
    await run({ auth });
    expect(lastRequest(target).headers).toMatchObject(headers);
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'PURGE'])('sends the key of the step with %s', async (method) => {
    await run({ method });
    expect(lastRequest(target).headers['idempotency-key']).toBe('run/call/0');
  });

  it.each(['GET', 'HEAD', 'OPTIONS'])('sends no key with %s', async (method) => {
    await run({ method });
    expect(lastRequest(target).headers['idempotency-key']).toBeUndefined();
  });

  it('sends the key under another name, and leaves alone one that was given', async () => {
    await run({ method: 'POST', idempotencyHeader: 'X-Request-Id' });
    expect(lastRequest(target).headers).toMatchObject({ 'x-request-id': 'run/call/0' });
    expect(lastRequest(target).headers['idempotency-key']).toBeUndefined();
    await run({ method: 'POST', headers: { 'IDEMPOTENCY-KEY': 'mine', 'User-Agent': 'own' } });
    expect(lastRequest(target).headers).toMatchObject({ 'idempotency-key': 'mine', 'user-agent': 'own' });
  });

  it('has one effect however often it is repeated', async () => {
    target.failTimes('/effects', 1, 503);
    expect(await fail({ url: `${target.url}/effects`, method: 'POST' })).toMatchObject({ code: 'HTTP_STATUS' });
    await run({ url: `${target.url}/effects`, method: 'POST' }, { attempt: 2 });
    await run({ url: `${target.url}/effects`, method: 'POST' }, { attempt: 3 });
    expect([...target.effects]).toEqual([['run/call/0', 2]]);
  });
});

describe('invalid input of http', () => {
  it.each([
    [{ url: 'not a url' }, 'url'],
    [{ url: '/relative' }, 'url'],
    [{ url: 'http://user:hush-hush@example.com/' }, 'url'],
    [{ headers: { 'X-A': 'hush-hush\r\nX-B: c' } }, 'headers.X-A'],
    [{ headers: { 'X-A': 'hush-hush\n' } }, 'headers.X-A'],
    [{ headers: { 'X-A': 'hush-hush\0' } }, 'headers.X-A'],
    [{ headers: { 'X-A': 'hush-hush 漢' } }, 'headers.X-A'],
    [{ headers: { 'X A': 'x' } }, 'headers.X A'],
    [{ headers: { 'X-A\r\nX-B': 'x' } }, 'headers.X-A\r\nX-B'],
    [{ headers: { '': 'x' } }, 'headers.'],
    [{ headers: { 'x-a': '1', 'X-A': '2' } }, 'headers.X-A'],
    [{ headers: { Host: 'inner.example' } }, 'headers.Host'],
    [{ headers: { 'Content-Length': '5' } }, 'headers.Content-Length'],
    [{ headers: { 'transfer-encoding': 'chunked' } }, 'headers.transfer-encoding'],
    [{ auth: { bearer: 'hush-hush\r\nx: y' } }, 'auth.bearer'],
    [{ auth: { header: { name: 'Host', value: 'hush-hush' } } }, 'auth.header'],
    [{ auth: { basic: { user: 'a:b', password: 'hush-hush' } } }, 'auth.basic.user'],
    [{ auth: { bearer: 'x' }, headers: { authorization: 'y' } }, 'auth.bearer'],
    [{ method: 'CONNECT' }, 'method'],
    [{ timeout: '0 seconds' }, 'timeout'],
  ])('%j is refused before anything is sent', async (input, path) => {
    const before = target.requests.length;
    const error = await fail(input);
    expect(error).toMatchObject({ code: 'STEP_INPUT_INVALID', retryable: false, details: { path } });
    expect(`${error.message}${JSON.stringify(error)}`).not.toContain('hush-hush');
    expect(target.requests).toHaveLength(before);
  });

  it('is refused by the guard where the address is private', async () => {
    expect(await fail({ url: 'http://169.254.169.254/latest/meta-data/' })).toMatchObject({
      code: 'ADDRESS_REFUSED',
      retryable: false,
    });
    expect(await fail({ url: 'file:///etc/passwd' })).toMatchObject({ code: 'ADDRESS_REFUSED', retryable: false });
  });
});

describe('failures of http', () => {
  it('can be retried where the connection breaks or time runs out', async () => {
    target.on('/broken', lieAboutLength({ announced: 10, body: 'x' }));
    target.on('/silent', neverAnswer);
    expect(await fail({ url: `${target.url}/broken` })).toMatchObject({ code: 'HTTP_CONNECTION', retryable: true });
    expect(await fail({ url: `${target.url}/silent`, timeout: '100 ms' })).toMatchObject({
      code: 'HTTP_TIMEOUT',
      retryable: true,
    });
  });

  it('are final where the answer is too large or goes round in circles', async () => {
    target.on('/large', sendBytes(Buffer.alloc(101)));
    target.on('/circle', redirectTo(302, '/circle'));
    expect(await fail({ url: `${target.url}/large`, maxResponseBytes: 100 })).toMatchObject({
      code: 'HTTP_RESPONSE_TOO_LARGE',
      retryable: false,
    });
    expect(await fail({ url: `${target.url}/circle`, redirects: 2 })).toMatchObject({ code: 'HTTP_REDIRECTS', retryable: false });
  });

  it('are those of the signal when the run is cancelled', async () => {
    const controller = new AbortController();
    const reason = new Error('cancelled');
    target.on('/wait', () => controller.abort(reason));
    await expect(run({ url: `${target.url}/wait` }, { signal: controller.signal })).rejects.toBe(reason);
  });
});

describe('secrets of http', () => {
  const input = { headers: { 'X-Custom': 'Key hush-hush' }, query: { key: 'hush-hush' } };

  it('go to the hosts that they are bound to', async () => {
    await run(input, { secrets: [secret('hush-hush'), secret('other', ['*.example.com', new URL(target.url).host])] });
    expect(lastRequest(target).headers['x-custom']).toBe('Key hush-hush');
    expect(lastRequest(target).query.get('key')).toBe('hush-hush');
  });

  it.each([
    ['is bound to another host', () => [secret('hush-hush', ['api.example.com'])]],
    ['is bound to none', () => [secret('hush-hush', [])]],
    ['may go there and another may not', () => [secret('hush-hush'), secret('other', ['api.example.com'])]],
  ])('go nowhere where one %s', async (_case, secrets) => {
    const before = target.requests.length;
    const error = await fail(input, { secrets: secrets() });
    expect(error).toMatchObject({ code: 'SECRET_REFUSED', retryable: false });
    expect(`${error.message}${JSON.stringify(error)}`).not.toContain('hush-hush');
    expect(target.requests).toHaveLength(before);
  });

  it.each([
    ['any header that holds one', { headers: { 'X-Custom': 'Key hush-hush' } }, () => [secret('hush-hush')]],
    ['the header of auth', { auth: { header: { name: 'X-Custom', value: 'hush-hush' } } }, () => []],
    ['a bearer', { auth: { bearer: 'hush-hush' } }, () => []],
    ['a header whose name says so', { headers: { 'X-Session-Token': 'hush-hush' } }, () => []],
  ])('stay behind at a redirect to another origin: %s', async (_case, more, secrets) => {
    target.on('/out', redirectTo(302, `${other.url}/in`));
    await run({ url: `${target.url}/out`, ...more }, { secrets: secrets() });
    expect(lastRequest(other).path).toBe('/in');
    expect(JSON.stringify(lastRequest(other))).not.toContain('hush-hush');
  });

  it('are cut out of what the target repeats in an error', async () => {
    target.on('/echo', ({ headers, query }, response) =>
      respondJson(response, { headers, key: query.get('key'), raw: encodeURIComponent('h/h') }, 400),
    );
    const error = await fail(
      {
        url: `${target.url}/echo`,
        headers: { 'x-custom': 'hush-hush' },
        query: { key: 'h/h' },
        auth: { basic: { user: 'ana', password: 'secret' } },
      },
      { secrets: [secret('hush-hush'), secret('h/h')] },
    );
    const shown = JSON.stringify(error);
    expect(error.details.data).toMatchObject({ status: 400, body: expect.stringContaining('[secret]') });
    for (const value of ['hush-hush', 'h/h', 'h%2Fh', Buffer.from('ana:secret').toString('base64')])
      expect(shown).not.toContain(value);
  });
});
