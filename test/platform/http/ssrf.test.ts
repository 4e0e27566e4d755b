import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createHttpClient, type ResolvedAddress } from '../../../src/platform/http/index.ts';
import type { HttpPort } from '../../../src/ports/http.ts';
import { redirectTo, respondJson, startTarget, type Target } from '../../support/target-server.ts';
import { allowed, outgoing } from './outgoing.ts';
import { REFUSED_HOSTS, refusedUrls } from './ssrf-corpus.ts';

const v4 = (address: string): ResolvedAddress => ({ address, family: 4 });
const v6 = (address: string): ResolvedAddress => ({ address, family: 6 });

let forbidden: Target;
let open: Target;
const clients: HttpPort[] = [];

function createClient(options: Parameters<typeof createHttpClient>[0]): HttpPort {
  const client = createHttpClient(options);
  clients.push(client);
  return client;
}

beforeAll(async () => {
  forbidden = await startTarget();
  open = await startTarget();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  expect(forbidden.connectionCount).toBe(0);
});
afterAll(async () => {
  await Promise.all([forbidden.close(), open.close()]);
});

describe('the guard against forged targets', () => {
  it('knows at least 150 spellings', () => {
    expect(new Set([...REFUSED_HOSTS, ...refusedUrls(1)]).size).toBeGreaterThanOrEqual(190);
  });

  it.each(REFUSED_HOSTS)('refuses the host %j', async (host) => {
    const client = createClient({ allow: [] });
    await expect(client.send(outgoing(`http://${host}:${forbidden.port}/`))).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
  });

  it.each(refusedUrls(65_001))('refuses the address %j', async (url) => {
    const client = createClient({ allow: [], lookup: async () => [v4('127.0.0.1')] });
    const request = outgoing(url.replace('65001', String(forbidden.port)));
    await expect(client.send(request)).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
  });

  it.each(['localhost', 'LOCALHOST', 'localhost.', 'ｌｏｃａｌｈｏｓｔ', 'local%68ost', 'lo\u00adcalhost'])(
    'refuses %j by what the system resolves',
    async (host) => {
      const client = createClient({ allow: [] });
      await expect(client.send(outgoing(`http://${host}:${forbidden.port}/`))).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
    },
  );

  it('refuses user information before anything else', async () => {
    const client = createClient({ allow: [allowed(open)] });
    await expect(client.send(outgoing(open.url.replace('//', '//user:password@')))).rejects.toMatchObject({
      code: 'ADDRESS_REFUSED',
    });
    expect(open.requests).toHaveLength(0);
  });
});

describe('the check of resolved addresses', () => {
  const url = (): string => `http://name.test:${forbidden.port}/`;

  it.each([
    ['127.0.0.1'],
    ['0.0.0.0'],
    ['10.0.0.1'],
    ['169.254.169.254'],
    ['::1'],
    ['::ffff:127.0.0.1'],
    ['::127.0.0.1'],
    ['fe80::1'],
    ['fe80::1%lo'],
    ['fd00::1'],
    ['64:ff9b::7f00:1'],
    ['2002:7f00:1::'],
    ['not an address'],
    ['0x7f.1'],
  ])('refuses a name that leads to %s', async (address) => {
    const client = createClient({ allow: [], lookup: async () => [address.includes(':') ? v6(address) : v4(address)] });
    await expect(client.send(outgoing(url()))).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
  });

  it.each([
    [[v4('127.0.0.1'), v4('127.0.0.9')]],
    [[v4('127.0.0.9'), v4('127.0.0.1')]],
    [[v4('127.0.0.1'), v6('::1')]],
    [[v4('127.0.0.1'), v4('127.0.0.1'), v4('10.0.0.1')]],
    [[v4('127.0.0.1'), v6('fd00::1')]],
    [[v4('127.0.0.1'), v4('169.254.169.254')]],
  ])('refuses mixed answers %j even where the first could be used', async (answers) => {
    const before = open.connectionCount;
    const client = createClient({ allow: ['127.0.0.1/32'], lookup: async () => answers });
    await expect(client.send(outgoing(`http://name.test:${open.port}/`))).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
    expect(open.connectionCount).toBe(before);
  });

  it('does not tell the address behind a name', async () => {
    const client = createClient({ allow: [], lookup: async () => [v4('10.20.30.40')] });
    const error = await client.send(outgoing(`${url()}?token=hush-hush`)).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'ADDRESS_REFUSED', message: '"name.test" leads to an address that is refused: private' });
    expect(JSON.stringify(error)).not.toContain('hush-hush');
    expect(JSON.stringify(error)).not.toContain('10.20.30.40');
  });

  it('connects to the very answer that was checked', async () => {
    let lookupCount = 0;
    const lookup = async () => [v4((lookupCount += 1) === 1 ? '127.0.0.1' : '10.0.0.1')];
    const client = createClient({ allow: ['127.0.0.1/32'], lookup });
    await expect(client.send(outgoing(`http://name.test:${open.port}/pinned`))).resolves.toMatchObject({ status: 200 });
    expect(lookupCount).toBe(1);
    expect(open.requests.at(-1)?.headers['host']).toBe(`name.test:${open.port}`);
  });

  it('refuses a name as soon as its answer turns private', async () => {
    const answers = [[v4('127.0.0.1')], [v4('0.0.0.0')]];
    open.on('/closing', (_request, response) => void response.writeHead(200, { connection: 'close' }).end());
    const client = createClient({ allow: ['127.0.0.1/32'], lookup: async () => answers.shift() ?? [] });
    await client.send(outgoing(`http://name.test:${open.port}/closing`));
    const before = open.connectionCount;
    await expect(client.send(outgoing(`http://name.test:${open.port}/closing`))).rejects.toMatchObject({
      code: 'ADDRESS_REFUSED',
    });
    expect(open.connectionCount).toBe(before);
  });

  it('refuses a redirect to the same name after its answer has changed', async () => {
    const answers = [[v4('127.0.0.1')], [v4('0.0.0.0')]];
    open.on('/again', (_request, response) => void response.writeHead(302, { location: '/secret', connection: 'close' }).end());
    const client = createClient({ allow: ['127.0.0.1/32'], lookup: async () => answers.shift() ?? [] });
    await expect(client.send(outgoing(`http://name.test:${open.port}/again`))).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
    expect(open.requests.some(({ path }) => path === '/secret')).toBe(false);
  });

  it('fails for a while where a name has no address', async () => {
    const client = createClient({ allow: [], lookup: async () => [] });
    await expect(client.send(outgoing(url()))).rejects.toMatchObject({ code: 'HTTP_CONNECTION', retryable: true });
  });
});

describe('the list of what is allowed', () => {
  const lookup = async () => [v4('127.0.0.1')];

  it.each(['name.test', 'NAME.test.'])('permits %s where its name and port are on it', async (host) => {
    const client = createClient({ allow: [`name.test:${open.port}`], lookup });
    await expect(client.send(outgoing(`http://${host}:${open.port}/`))).resolves.toMatchObject({ status: 200 });
  });

  it.each(['127.0.0.1', '0x7f.1', '127.0.0.1.'])('permits the address as %s', async (host) => {
    const client = createClient({ allow: [allowed(open)] });
    await expect(client.send(outgoing(`http://${host}:${open.port}/`))).resolves.toMatchObject({ status: 200 });
  });

  it('permits no other port, no other name and no other address', async () => {
    const client = createClient({ allow: [allowed(open), `name.test:${open.port}`], lookup });
    const urls = [
      `http://127.0.0.1:${forbidden.port}/`,
      `http://other.test:${open.port}/`,
      `http://127.0.0.2:${open.port}/`,
      `http://name.test:${forbidden.port}/`,
    ];
    for (const url of urls) await expect(client.send(outgoing(url))).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
  });
});

describe('the guard at redirects', () => {
  const targets = (): readonly string[] => [
    `http://127.0.0.1:${forbidden.port}/`,
    `//127.0.0.1:${forbidden.port}/`,
    `http://0x7f.1:${forbidden.port}/`,
    `http://[::ffff:127.0.0.1]:${forbidden.port}/`,
    `http://inner.test:${forbidden.port}/`,
    'http://169.254.169.254/latest/meta-data/',
    'http://user:password@127.0.0.1/',
    'file:///etc/passwd',
  ];

  describe.each([301, 302, 303, 307, 308])('with status %d', (status) => {
    it.each([0, 1, 2, 3, 4, 5, 6, 7])('refuses target %d', async (index) => {
      const location = targets()[index] ?? '';
      open.on('/leave', redirectTo(status, location));
      const client = createClient({ allow: [allowed(open)], lookup: async () => [v4('127.0.0.1')] });
      const request = outgoing(`${open.url}/leave`, { method: 'POST', body: 'x' });
      await expect(client.send(request)).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
    });
  });

  it('checks the last of many hops like the first', async () => {
    open.on('/1', redirectTo(302, '/2'));
    open.on('/2', redirectTo(307, '/3'));
    open.on('/3', redirectTo(301, `http://127.0.0.1:${forbidden.port}/`));
    const client = createClient({ allow: [allowed(open)] });
    await expect(client.send(outgoing(`${open.url}/1`))).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
  });

  it('leaves a redirect alone where none is to be followed', async () => {
    open.on('/stay', redirectTo(302, `http://127.0.0.1:${forbidden.port}/`));
    open.on('/json', (_request, response) => respondJson(response, { ok: true }));
    const client = createClient({ allow: [allowed(open)] });
    await expect(client.send(outgoing(`${open.url}/stay`, { maxRedirects: 0 }))).resolves.toMatchObject({ status: 302 });
  });
});
