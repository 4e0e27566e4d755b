import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHttpClient } from '../../../src/platform/http/index.ts';
import type { HttpPort } from '../../../src/ports/http.ts';
import {
  dripSlowly,
  lieAboutLength,
  neverAnswer,
  resetMidBody,
  sendBytes,
  sendForever,
  startTarget,
  type Target,
} from '../../support/target-server.ts';
import { allowed, outgoing } from './outgoing.ts';

type Compress = (bytes: Uint8Array) => Buffer;
const CODINGS: readonly (readonly [string, Compress])[] = [
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
  ['br', brotliCompressSync],
  ['zstd', zstdCompressSync],
];
const STACKS = CODINGS.flatMap(([inner, compressInner]) =>
  CODINGS.map(([outer, compressOuter]): readonly [string, Compress] => [
    `${inner}, ${outer}`,
    (bytes) => compressOuter(compressInner(bytes)),
  ]),
);
const LIMIT = 1_000_000;
const MEMORY_LIMIT = 50_000_000;

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

const receive = (path: string, changes: Parameters<typeof outgoing>[1] = {}) =>
  client.send(outgoing(`${target.url}${path}`, changes));

describe('compressed answers', () => {
  it.each([...CODINGS, ...STACKS])('are read from %s', async (encoding, compress) => {
    target.on('/coded', sendBytes(compress(Buffer.from('grüße')), { 'content-encoding': encoding.toUpperCase() }));
    const { body } = await receive('/coded');
    expect(Buffer.from(body).toString()).toBe('grüße');
  });

  it('are asked for', async () => {
    await receive('/asked');
    expect(target.requests.at(-1)?.headers['accept-encoding']).toBe('gzip, deflate, br, zstd');
  });

  it.each(['gzip', 'br', 'zstd'])('without a body pass, though they name %s', async (encoding) => {
    target.on('/head', (_request, response) => void response.writeHead(200, { 'content-encoding': encoding }).end());
    await expect(receive('/head', { method: 'HEAD' })).resolves.toMatchObject({ status: 200, body: new Uint8Array() });
    await expect(receive('/head')).resolves.toMatchObject({ status: 200, body: new Uint8Array() });
  });

  it.each(['identity', 'utf-8', 'gzip, utf-8'])('in the encoding %s are handed over as they are', async (encoding) => {
    target.on('/plain', sendBytes(Buffer.from('plain'), { 'content-encoding': encoding }));
    expect(Buffer.from((await receive('/plain')).body).toString()).toBe('plain');
  });

  it.each([
    ['cut short', gzipSync('content of some length').subarray(0, 20)],
    ['broken', Buffer.from('this is no gzip')],
  ])('that are %s are an error', async (_case, bytes) => {
    target.on('/broken', sendBytes(bytes, { 'content-encoding': 'gzip' }));
    await expect(receive('/broken')).rejects.toMatchObject({ code: 'HTTP_CONNECTION' });
  });

  it('in more than two layers are refused', async () => {
    target.on('/three', sendBytes(gzipSync(gzipSync(gzipSync('x'))), { 'content-encoding': 'gzip, gzip, gzip' }));
    await expect(receive('/three')).rejects.toMatchObject({ code: 'HTTP_CONNECTION', retryable: false });
  });
});

describe('bombs', () => {
  const zeros = Buffer.alloc(20_000_000);

  it.each([...CODINGS, ...STACKS])('in %s stop at the limit', async (encoding, compress) => {
    const bytes = compress(zeros);
    target.on('/bomb', sendBytes(bytes, { 'content-encoding': encoding }));
    const before = process.memoryUsage().rss;
    await expect(receive('/bomb', { maxResponseBytes: LIMIT })).rejects.toMatchObject({ code: 'HTTP_RESPONSE_TOO_LARGE' });
    expect(process.memoryUsage().rss - before).toBeLessThan(MEMORY_LIMIT);
  });

  it('that never end stop at the limit', async () => {
    target.on('/endless', sendForever(Buffer.alloc(65_536, 'x')));
    await expect(receive('/endless')).rejects.toMatchObject({ code: 'HTTP_RESPONSE_TOO_LARGE' });
    target.on('/endless-gzip', sendForever(gzipSync(Buffer.alloc(100_000)), { 'content-encoding': 'gzip' }));
    await expect(receive('/endless-gzip')).rejects.toMatchObject({ code: 'HTTP_RESPONSE_TOO_LARGE' });
  });

  it('of frames without content stop as well', async () => {
    target.on('/frames', sendForever(gzipSync(''), { 'content-encoding': 'gzip' }));
    await expect(receive('/frames', { maxResponseBytes: 10_000 })).rejects.toMatchObject({ code: 'HTTP_RESPONSE_TOO_LARGE' });
  });

  it('that ask for a huge window are refused', async () => {
    // Magic number, no content size, a window descriptor that stands for 128 MB, and one last block without content.
    const frame = Buffer.from('28b52ffd0088010000', 'hex');
    target.on('/window', sendBytes(frame, { 'content-encoding': 'zstd' }));
    await expect(receive('/window')).rejects.toMatchObject({ code: 'HTTP_CONNECTION' });
  });

  it('leave answers alone that are exactly as large as allowed', async () => {
    target.on('/exact', sendBytes(gzipSync(Buffer.alloc(LIMIT)), { 'content-encoding': 'gzip' }));
    await expect(receive('/exact', { maxResponseBytes: LIMIT })).resolves.toMatchObject({ status: 200 });
    await expect(receive('/exact', { maxResponseBytes: LIMIT - 1 })).rejects.toMatchObject({ code: 'HTTP_RESPONSE_TOO_LARGE' });
  });
});

describe('headers of answers', () => {
  it.each([
    ['many', Array.from({ length: 600 }, (_, index) => `x-${index}: y`)],
    ['large', [`x-large: ${'y'.repeat(70_000)}`]],
    ['a million', Array.from({ length: 1_000_000 }, () => 'a: b')],
  ])('that are %s end the call', async (_case, lines) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end(`HTTP/1.1 200 OK\r\n${lines.join('\r\n')}\r\ncontent-length: 0\r\n\r\n`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const own = createHttpClient({ allow: [`127.0.0.1:${port}`] });
    await expect(own.send(outgoing(`http://127.0.0.1:${port}/`))).rejects.toMatchObject({ code: 'HTTP_RESPONSE_TOO_LARGE' });
    await own.close();
    server.close();
  });

  it('have lower-case names and joined values', async () => {
    target.on(
      '/headers',
      (_request, response) =>
        void response
          .writeHead(
            200,
            [
              ['X-Two', 'a'],
              ['x-two', 'b'],
              ['Retry-After', '7'],
            ].flat(),
          )
          .end(),
    );
    const { headers } = await receive('/headers');
    expect(headers).toMatchObject({ 'x-two': 'a, b', 'retry-after': '7' });
  });
});

describe('targets that do not finish', () => {
  it.each([
    ['never answers', neverAnswer],
    ['sends one byte at a time', dripSlowly({ everyMs: 5 })],
  ])('end by the time-out where one %s', async (_case, handler) => {
    target.on('/slow', handler);
    await expect(receive('/slow', { timeoutMs: 150 })).rejects.toMatchObject({ code: 'HTTP_TIMEOUT', retryable: true });
  });

  it('count redirects into the time-out', async () => {
    target.on('/hop', (_request, response) => void setTimeout(() => response.writeHead(302, { location: '/hop' }).end(), 60));
    await expect(receive('/hop', { timeoutMs: 150 })).rejects.toMatchObject({ code: 'HTTP_TIMEOUT' });
  });

  it.each([
    ['sends less than announced', lieAboutLength({ announced: 100, body: 'short' })],
    ['resets the connection', resetMidBody],
    ['hangs up without an answer', (_request: unknown, response: { destroy(): unknown }) => void response.destroy()],
  ])('are an error that can be retried where one %s', async (_case, handler) => {
    target.on('/broken', handler);
    await expect(receive('/broken')).rejects.toMatchObject({ code: 'HTTP_CONNECTION', retryable: true });
  });
});
