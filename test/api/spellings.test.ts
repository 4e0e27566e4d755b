import { describe, expect, it } from '@jest/globals';
import { fill } from './support/little-world.ts';
import { ROUTES } from './support/operations.ts';
import { rawRequest } from './support/raw-request.ts';
import { SECRET_KEY } from './support/test-api.ts';
import { useApi } from './support/use-api.ts';

const used = useApi();
const PROTECTED = ROUTES.filter(([, { access }]) => access !== 'public');
const SOME_ID = '0198f000-0000-7000-8000-000000000000';

const percent = (path: string): string => path.replace(/[^/]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`);

/** How a path is written by somebody who hopes that the guard reads it otherwise than the one who serves. */
const SPELLINGS: Readonly<Record<string, (path: string) => string>> = {
  'as it is': (path) => path,
  'in capitals': (path) => path.toUpperCase(),
  'with one capital': (path) => path.replace('/api', '/Api'),
  'with a capital at its end': (path) => path.slice(0, -1) + path.slice(-1).toUpperCase(),
  'with a slash at its end': (path) => `${path}/`,
  'with two slashes at its end': (path) => `${path}//`,
  'with two slashes before': (path) => `/${path}`,
  'with two slashes inside': (path) => path.replace('/v1/', '/v1//'),
  'with a dot before': (path) => `/.${path}`,
  'with a dot inside': (path) => path.replace('/v1/', '/v1/./'),
  'with a dot at its end': (path) => `${path}/.`,
  'with a dot behind its name': (path) => `${path}.`,
  'through a public path': (path) => `/healthz/..${path}`,
  'through its own parent': (path) => path.replace('/v1/', '/v1/x/../'),
  'through an encoded parent': (path) => `/healthz/%2e%2e${path}`,
  'through a parent with an encoded slash': (path) => `/healthz/..%2f${path.slice(1)}`,
  'with a letter encoded': (path) => path.replace('/api', '/%61pi'),
  'with every letter encoded': percent,
  'with letters encoded twice': (path) => path.replace('/api', '/%2561pi'),
  'with slashes encoded': (path) => `/${path.slice(1).replaceAll('/', '%2F')}`,
  'with backslashes': (path) => path.replaceAll('/', '\\'),
  'with an encoded backslash': (path) => path.replace('/v1/', '/v1%5c'),
  'with a parameter behind it': (path) => `${path};a=b`,
  'with a parameter inside': (path) => path.replace('/v1', '/v1;x=y'),
  'with a space behind it': (path) => `${path}%20`,
  'with NUL behind it': (path) => `${path}%00`,
  'with a line end behind it': (path) => `${path}%0d%0a`,
  'with an ending': (path) => `${path}.json`,
  'with an empty query': (path) => `${path}?`,
  'with a query that names a public path': (path) => `${path}?path=/healthz`,
  'with a fragment': (path) => `${path}#/healthz`,
  'with an overlong slash': (path) => path.replace('/v1/', '/v1%c0%af'),
  'with a broken code': (path) => `${path}%zz`,
  'with its address': (path) => `http://elsewhere.example${path}`,
  'with an address that has a user': (path) => `http://healthz@elsewhere.example${path}`,
};
/** Refused before anybody asks which route is meant. */
const UNREADABLE = new Set(['with a broken code', 'with an overlong slash']);
/** What proxies understand, and we must not. */
const HEADERS = [
  'X-Original-URL: /healthz',
  'X-Rewrite-URL: /healthz',
  'X-HTTP-Method-Override: GET',
  'X-Forwarded-Prefix: /healthz',
];

const ask = async (method: string, target: string, header = 'X-Nothing: x'): Promise<number> => {
  const lines = [`${method} ${target} HTTP/1.1`, 'Host: x', header, 'Content-Length: 0', 'Connection: close', '', ''];
  const answer = await rawRequest(used.api.url, lines.join('\r\n'));
  return Number(/^HTTP\/1\.1 (\d+) /.exec(answer)?.[1]);
};

it('knows thirty spellings, and can tell what is open', async () => {
  expect(Object.keys(SPELLINGS).length).toBeGreaterThanOrEqual(30);
  expect(await ask('GET', '/healthz')).toBe(200);
  expect(await ask('GET', '/api/v1/runs', `apikey: ${SECRET_KEY}`)).toBe(200);
});

describe.each(PROTECTED)('%s', (_name, { method, path }) => {
  const plain = fill(path, { run: SOME_ID, workspace: SOME_ID, user: SOME_ID, payload: SOME_ID, apiKey: SOME_ID });

  it('is shut to nobody in particular, however it is written', async () => {
    const answers: Record<string, number> = {};
    for (const [name, spell] of Object.entries(SPELLINGS)) answers[name] = await ask(method, spell(plain));
    for (const header of HEADERS) answers[header] = await ask(method, plain, header);
    expect(answers['as it is']).toBe(401);
    for (const header of HEADERS) expect([header, answers[header]]).toEqual([header, 401]);
    // 405: another path, of which this spelling is one with a name in it, has no such method
    const isShut = ([name, status]: readonly [string, number]): boolean =>
      [400, 401, 404, 405].includes(status) || (UNREADABLE.has(name) && status === 422);
    expect(Object.entries(answers).filter((answer) => !isShut(answer))).toEqual([]);
  });
});
