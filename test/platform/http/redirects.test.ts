import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHttpClient } from '../../../src/platform/http/index.ts';
import type { HttpPort, OutgoingRequest } from '../../../src/ports/http.ts';
import { redirectTo, startTarget, type RecordedRequest, type Target } from '../../support/target-server.ts';
import { createCertificate } from './certificate.ts';
import { allowed, outgoing } from './outgoing.ts';

const certificate = createCertificate('localhost');

let first: Target;
let second: Target;
let secure: Target;
let client: HttpPort;

beforeAll(async () => {
  first = await startTarget();
  second = await startTarget();
  secure = await startTarget({ tls: certificate });
  client = createHttpClient({
    allow: [first, second].map(allowed).concat(`localhost:${first.port}`, `localhost:${secure.port}`),
    lookup: async () => [{ address: '127.0.0.1', family: 4 }],
    certificateAuthorities: [certificate.cert],
  });
});
beforeEach(() => {
  first.on('/same', redirectTo(307, '/landed'));
  first.on('/away', redirectTo(307, `${second.url}/landed`));
});
afterAll(async () => {
  await client.close();
  await Promise.all([first.close(), second.close(), secure.close()]);
});

const landed = (target: Target): RecordedRequest => {
  const request = target.requests.findLast(({ path }) => path === '/landed');
  if (request === undefined) throw new Error('nothing has landed');
  return request;
};

describe('redirects', () => {
  it.each([
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [307, 'POST', 'POST'],
    [308, 'POST', 'POST'],
    [301, 'PUT', 'PUT'],
    [302, 'DELETE', 'DELETE'],
    [303, 'PUT', 'GET'],
    [303, 'GET', 'GET'],
    [303, 'HEAD', 'HEAD'],
    [301, 'HEAD', 'HEAD'],
  ])('after %d turn %s into %s', async (status, method, expected) => {
    first.on('/start', redirectTo(status, '/landed?step=2'));
    const hasBody = method === 'POST' || method === 'PUT';
    const headers = { 'content-type': 'text/x-test', 'x-kept': 'yes' };
    const response = await client.send(
      outgoing(`${first.url}/start`, { method, headers, ...(hasBody ? { body: 'content' } : {}) }),
    );
    expect(response).toMatchObject({ status: 200, url: `${first.url}/landed?step=2` });
    const isSame = method === expected;
    expect(landed(first)).toMatchObject({ method: expected, body: hasBody && isSame ? 'content' : '' });
    expect(landed(first).headers['content-type']).toBe(isSame ? 'text/x-test' : undefined);
    expect(landed(first).headers['x-kept']).toBe('yes');
  });

  it('are followed as often as allowed and no more', async () => {
    first.on('/loop', redirectTo(302, '/loop'));
    const before = first.requests.length;
    await expect(client.send(outgoing(`${first.url}/loop`, { maxRedirects: 3 }))).rejects.toMatchObject({
      code: 'HTTP_REDIRECTS',
    });
    expect(first.requests.length - before).toBe(4);
  });

  it.each([1, 5])('reach a target exactly %d hops away', async (hopCount) => {
    for (let hop = 0; hop < hopCount; hop += 1)
      first.on(`/hop${hop}`, redirectTo(302, hop + 1 === hopCount ? '/landed' : `/hop${hop + 1}`));
    await expect(client.send(outgoing(`${first.url}/hop0`, { maxRedirects: hopCount }))).resolves.toMatchObject({ status: 200 });
  });

  it('are handed back where the answer names no location or is of another kind', async () => {
    first.on('/300', redirectTo(300, '/landed'));
    first.on('/nowhere', (_request, response) => void response.writeHead(302).end());
    await expect(client.send(outgoing(`${first.url}/300`))).resolves.toMatchObject({ status: 300 });
    await expect(client.send(outgoing(`${first.url}/nowhere`))).resolves.toMatchObject({ status: 302 });
  });

  it('to something that is no URL are an error that does not repeat it', async () => {
    first.on('/bad', redirectTo(302, 'http://[hush-hush'));
    const error = await client.send(outgoing(`${first.url}/bad`)).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'HTTP_REDIRECTS', retryable: false });
    expect(String(error)).not.toContain('hush-hush');
  });

  it('do not wait for bodies that never end', async () => {
    first.on('/endless', (_request, response) => {
      response.writeHead(302, { location: '/landed' });
      response.write('and so on');
    });
    await expect(client.send(outgoing(`${first.url}/endless`))).resolves.toMatchObject({ status: 200 });
  });
});

describe('credentials at redirects', () => {
  const credentials: Partial<OutgoingRequest> = {
    headers: {
      Authorization: 'Bearer hush-hush',
      Cookie: 'a=hush-hush',
      'Proxy-Authorization': 'hush-hush',
      'X-Key': 'hush-hush',
      'X-Plain': 'plain',
    },
    credentialHeaders: ['x-KEY'],
  };

  it('stay within the origin', async () => {
    await client.send(outgoing(`${first.url}/same`, credentials));
    expect(landed(first).headers).toMatchObject({
      authorization: 'Bearer hush-hush',
      cookie: 'a=hush-hush',
      'x-key': 'hush-hush',
    });
  });

  it('are dropped at another port', async () => {
    await client.send(outgoing(`${first.url}/away`, credentials));
    expect(landed(second).headers['x-plain']).toBe('plain');
    expect(JSON.stringify(landed(second))).not.toContain('hush-hush');
  });

  it('are dropped at another name of the same address', async () => {
    first.on('/name', redirectTo(302, `http://localhost:${first.port}/landed`));
    await client.send(outgoing(`${first.url}/name`, credentials));
    expect(landed(first).headers['host']).toBe(`localhost:${first.port}`);
    expect(JSON.stringify(landed(first))).not.toContain('hush-hush');
  });

  it('do not come back with the origin', async () => {
    second.on('/back', redirectTo(302, `${first.url}/landed`));
    first.on('/there', redirectTo(302, `${second.url}/back`));
    await client.send(outgoing(`${first.url}/there`, credentials));
    expect(JSON.stringify(landed(first))).not.toContain('hush-hush');
  });

  it('are refused on the way from https to http', async () => {
    secure.on('/down', redirectTo(302, `${second.url}/landed`));
    const before = second.requests.length;
    const url = `https://localhost:${secure.port}/down`;
    await expect(client.send(outgoing(url, credentials))).rejects.toMatchObject({ code: 'SECRET_REFUSED' });
    expect(second.requests).toHaveLength(before);
    await expect(client.send(outgoing(url))).resolves.toMatchObject({ status: 200 });
  });
});

describe('hosts of credentials', () => {
  const bound = (hosts: readonly (readonly string[])[], more: Partial<OutgoingRequest> = {}): Partial<OutgoingRequest> => ({
    headers: { authorization: 'Bearer hush-hush' },
    credentialHosts: hosts,
    ...more,
  });

  it.each([
    ['none of a list', (own: string) => [['api.example.com'], [own]]],
    ['the name without the port', () => [['127.0.0.1']]],
    ['nothing at all', () => [[]]],
    ['only one of two credentials', (own: string) => [[own], ['api.example.com']]],
  ])('refuse a first address that fits %s', async (_case, hosts) => {
    const before = first.requests.length;
    const call = client.send(outgoing(`${first.url}/?key=hush-hush`, bound(hosts(allowed(first)))));
    const error = await call.catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'SECRET_REFUSED', retryable: false });
    expect(`${String(error)}${JSON.stringify(error)}`).not.toContain('hush-hush');
    expect(first.requests).toHaveLength(before);
  });

  it('let a first address pass that fits every list', async () => {
    const hosts = [[allowed(first)], ['api.example.com', allowed(first)]];
    await expect(client.send(outgoing(`${first.url}/`, bound(hosts)))).resolves.toMatchObject({ status: 200 });
  });

  it('let a redirect pass that carries nothing any more', async () => {
    await expect(client.send(outgoing(`${first.url}/away`, bound([[allowed(first)]])))).resolves.toMatchObject({ status: 200 });
    expect(landed(second).headers['authorization']).toBeUndefined();
  });

  it('refuse a redirect that would send the body to another host', async () => {
    const before = second.requests.length;
    const request = outgoing(`${first.url}/away`, bound([[allowed(first)]], { method: 'POST', body: 'hush-hush' }));
    await expect(client.send(request)).rejects.toMatchObject({ code: 'SECRET_REFUSED' });
    expect(second.requests).toHaveLength(before);
  });
});
