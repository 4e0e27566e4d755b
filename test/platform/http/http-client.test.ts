import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHttpClient } from '../../../src/platform/http/index.ts';
import type { HttpPort } from '../../../src/ports/http.ts';
import { dripSlowly, neverAnswer, startTarget, type Target } from '../../support/target-server.ts';
import { createCertificate } from './certificate.ts';
import { allowed, outgoing } from './outgoing.ts';

let target: Target;
let client: HttpPort;

beforeAll(async () => {
  target = await startTarget();
  client = createHttpClient({ allow: [allowed(target)] });
});
afterAll(async () => {
  await client.close();
  await target.close();
});

describe('createHttpClient', () => {
  it('sends method, path, query, headers and body as they are', async () => {
    const body = new TextEncoder().encode('grüße');
    await client.send(outgoing(`${target.url}/a%20b?x=1&x=2#part`, { method: 'patch', headers: { 'X-One': '1' }, body }));
    const request = target.requests.at(-1);
    expect(request).toMatchObject({ method: 'PATCH', path: '/a%20b', body: 'grüße' });
    expect(request?.query.getAll('x')).toEqual(['1', '2']);
    expect(request?.headers).toMatchObject({ 'x-one': '1', 'content-length': '7' });
  });

  it('keeps the headers of the connection to itself', async () => {
    const headers = {
      Host: 'inner.example',
      'Content-Length': '999',
      'Transfer-Encoding': 'chunked',
      Connection: 'upgrade',
      Upgrade: 'websocket',
    };
    await client.send(outgoing(`${target.url}/`, { headers }));
    expect(target.requests.at(-1)?.headers['host']).toBe(allowed(target));
    expect(target.requests.at(-1)?.headers['upgrade']).toBeUndefined();
  });

  it.each(['CONNECT', 'trace', 'TRACK'])('refuses the method %s', async (method) => {
    await expect(client.send(outgoing(`${target.url}/`, { method }))).rejects.toMatchObject({ code: 'STEP_INPUT_INVALID' });
  });

  it('refuses headers that would end a line, without repeating them', async () => {
    const before = target.requests.length;
    const error = await client
      .send(outgoing(`${target.url}/`, { headers: { 'x-a': 'hush\r\nx-b: c' } }))
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'STEP_INPUT_INVALID' });
    expect(`${String(error)}${JSON.stringify(error)}`).not.toContain('hush');
    expect(target.requests).toHaveLength(before);
  });

  it('uses connections again', async () => {
    const own = createHttpClient({ allow: [allowed(target)] });
    const before = target.connectionCount;
    for (let count = 0; count < 10; count += 1) await own.send(outgoing(`${target.url}/`));
    // The second one is opened where a call follows before the driver has put the first back.
    expect(target.connectionCount - before).toBeLessThanOrEqual(2);
    await own.close();
  });

  it('opens no more connections at once than told', async () => {
    const own = createHttpClient({ allow: [allowed(target)], maxConnectionsPerOrigin: 2 });
    const before = target.connectionCount;
    const answers = await Promise.all(Array.from({ length: 10 }, () => own.send(outgoing(`${target.url}/`))));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(target.connectionCount - before).toBe(2);
    await own.close();
  });

  it('ends idle connections when it is closed, and sends nothing more', async () => {
    const own = createHttpClient({ allow: [allowed(target)] });
    const ended = new Promise<void>((resolve) => {
      target.on('/watched', (_request, response) => {
        response.socket?.once('close', () => resolve());
        response.end();
      });
    });
    await own.send(outgoing(`${target.url}/watched`));
    await own.close();
    await ended;
    await expect(own.send(outgoing(`${target.url}/`))).rejects.toMatchObject({ code: 'HTTP_CONNECTION' });
  });
});

describe('failures', () => {
  it('says the host and the reason, and no query', async () => {
    const gone = await startTarget();
    await gone.close();
    const own = createHttpClient({ allow: [allowed(gone)] });
    const request = outgoing(`${gone.url}/?token=hush-hush`, { headers: { authorization: 'hush-hush' } });
    const error = await own.send(request).catch((caught: unknown) => caught);
    expect(error).toMatchObject({
      code: 'HTTP_CONNECTION',
      message: 'The connection to "127.0.0.1" failed (ECONNREFUSED)',
      retryable: true,
    });
    expect(inspectAll(error)).not.toContain('hush-hush');
    await own.close();
  });

  it('tries every address of a name', async () => {
    const lookup = async () => [
      { address: '::1', family: 6 as const },
      { address: '127.0.0.1', family: 4 as const },
    ];
    const own = createHttpClient({ allow: [`two.test:${target.port}`], lookup });
    await expect(own.send(outgoing(`http://two.test:${target.port}/`))).resolves.toMatchObject({ status: 200 });
    await own.close();
  });

  it('translates what the resolver throws', async () => {
    const lookup = async () => Promise.reject(Object.assign(new Error('no'), { code: 'ENOTFOUND' }));
    const own = createHttpClient({ allow: [], lookup });
    await expect(own.send(outgoing('http://missing.test/'))).rejects.toMatchObject({ code: 'HTTP_CONNECTION', retryable: true });
    await own.close();
  });

  it('does not wait for a resolver longer than for a connection', async () => {
    const own = createHttpClient({ allow: [], lookup: () => new Promise(() => undefined), connectTimeoutMs: 50 });
    await expect(own.send(outgoing('http://slow.test/'))).rejects.toMatchObject({
      code: 'HTTP_TIMEOUT',
      message: '"slow.test" was not resolved within 50 ms',
    });
    await own.close();
  });
});

describe('cancellation', () => {
  const reason = new Error('stopped by the caller');

  it('comes before anything is sent', async () => {
    const before = target.connectionCount;
    const call = client.send(outgoing(`${target.url}/`, { signal: AbortSignal.abort(reason) }));
    await expect(call).rejects.toBe(reason);
    expect(target.connectionCount).toBe(before);
  });

  it('ends a wait for the resolver, and the request is never sent', async () => {
    const controller = new AbortController();
    const { promise: answers, resolve } = Promise.withResolvers<readonly { address: string; family: 4 }[]>();
    const own = createHttpClient({ allow: [`late.test:${target.port}`], lookup: () => answers });
    const call = own.send(outgoing(`http://late.test:${target.port}/late`, { signal: controller.signal }));
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    resolve([{ address: '127.0.0.1', family: 4 }]);
    await own.send(outgoing(`http://late.test:${target.port}/after`));
    expect(target.requests.map(({ path }) => path)).not.toContain('/late');
    await own.close();
  });

  it.each([
    ['headers', neverAnswer],
    ['the rest of the body', dripSlowly({ everyMs: 5 })],
  ])('ends a wait for %s and hangs up', async (_case, handler) => {
    const controller = new AbortController();
    const hungUp = new Promise<void>((resolve) => {
      target.on('/wait', async (request, response) => {
        response.once('close', () => resolve());
        await handler(request, response);
        if (response.headersSent) response.write('.', () => controller.abort(reason));
        else controller.abort(reason);
      });
    });
    await expect(client.send(outgoing(`${target.url}/wait`, { signal: controller.signal }))).rejects.toBe(reason);
    await hungUp;
  });
});

describe('https', () => {
  const certificate = createCertificate('secure.test');
  const lookup = async () => [{ address: '127.0.0.1', family: 4 as const }];
  let secure: Target;

  beforeAll(async () => {
    secure = await startTarget({ tls: certificate });
  });
  afterAll(() => secure.close());

  const call = async (host: string, certificateAuthorities: readonly string[]) => {
    const own = createHttpClient({ allow: [`${host}:${secure.port}`], lookup, certificateAuthorities });
    try {
      return await own.send(outgoing(`https://${host}:${secure.port}/?token=hush-hush`));
    } finally {
      await own.close();
    }
  };

  it('checks the certificate against the name, though it connects to an address', async () => {
    await expect(call('secure.test', [certificate.cert])).resolves.toMatchObject({ status: 200 });
    const refusal = {
      code: 'HTTP_CONNECTION',
      message: 'The connection to "other.test" failed (ERR_TLS_CERT_ALTNAME_INVALID)',
      retryable: false,
    };
    await expect(call('other.test', [certificate.cert])).rejects.toMatchObject(refusal);
  });

  it('refuses a certificate that nobody vouches for', async () => {
    const error = await call('secure.test', []).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'HTTP_CONNECTION', retryable: false });
    expect(inspectAll(error)).not.toContain('hush-hush');
  });
});

/** Everything that a log could show of an error: message, fields, stack and causes. */
function inspectAll(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error);
  return `${error.message} ${error.stack} ${JSON.stringify(error)} ${error.cause === undefined ? '' : inspectAll(error.cause)}`;
}
