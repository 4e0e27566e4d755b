import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt, SignJWT } from 'jose';

/** The bucket that is there. */
export const UPLOAD_BUCKET = 'uploads';

/** A Supabase Storage that signs uploads and takes the files, as the real one does. */
export interface StorageServer {
  readonly url: string;
  /** What was uploaded, by path in the bucket. */
  readonly files: ReadonlyMap<string, string>;
  /** Paths that it was asked to sign. */
  readonly signed: readonly string[];
  /** Paths of every request, as they came. */
  readonly asked: readonly string[];
  /** From now on answers signing with this; undefined: as it should. `hang`: not at all. */
  answerWith(answer: { readonly status: number; readonly body: string } | 'hang' | undefined): void;
  close(): Promise<void>;
}

const SIGN = /^\/storage\/v1\/object\/upload\/sign\/([^/]+)\/(.+)$/;
const LIFE_SECONDS = 7_200;

export async function startStorageServer(secretKey: string): Promise<StorageServer> {
  const files = new Map<string, string>();
  const signed: string[] = [];
  const asked: string[] = [];
  const secret = randomBytes(32);
  let fixed: Parameters<StorageServer['answerWith']>[0];

  const sign = async (request: IncomingMessage, bucket: string, path: string): Promise<readonly [number, unknown]> => {
    if (request.headers.authorization !== `Bearer ${secretKey}` || request.headers['apikey'] !== secretKey)
      return [400, { statusCode: '403', error: 'Unauthorized', message: 'Invalid Compact JWS' }];
    if (bucket !== UPLOAD_BUCKET) return [400, { statusCode: '404', error: 'Bucket not found', message: 'Bucket not found' }];
    signed.push(path);
    if (files.has(path)) return [400, { statusCode: '409', error: 'Duplicate', message: 'The resource already exists' }];
    const token = await new SignJWT({ url: `${bucket}/${path}`, upsert: false })
      .setProtectedHeader({ alg: 'HS256' })
      .setJti(randomBytes(8).toString('hex'))
      .setExpirationTime(Math.floor(Date.now() / 1_000) + LIFE_SECONDS)
      .sign(secret);
    return [200, { url: `/object/upload/sign/${bucket}/${path}?token=${token}`, token }];
  };
  const take = async (request: IncomingMessage, place: string, token: string): Promise<readonly [number, unknown]> => {
    if (decodeJwt(token)['url'] !== place) return [400, { statusCode: '400', error: 'InvalidSignature' }];
    const path = place.slice(UPLOAD_BUCKET.length + 1);
    if (files.has(path)) return [400, { statusCode: '409', error: 'Duplicate' }];
    let text = '';
    for await (const chunk of request) text += String(chunk);
    files.set(path, text);
    return [200, { Key: place }];
  };
  const answer = async (request: IncomingMessage): Promise<readonly [number, unknown]> => {
    const url = new URL(request.url ?? '/', 'http://storage');
    const [, bucket, path] = SIGN.exec(url.pathname) ?? [];
    if (bucket === undefined || path === undefined) return [404, {}];
    if (request.method === 'PUT') return take(request, `${bucket}/${path}`, url.searchParams.get('token') ?? '');
    return request.method === 'POST' ? sign(request, bucket, path) : [405, {}];
  };
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    asked.push(request.url ?? '');
    if (request.method === 'POST' && fixed !== undefined) {
      if (fixed === 'hang') return;
      response.writeHead(fixed.status, { location: '/elsewhere' }).end(fixed.body);
      return;
    }
    const [status, body] = await answer(request);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };

  const server = createServer((request, response) => void serve(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files,
    signed,
    asked,
    answerWith: (next) => {
      fixed = next;
    },
    close: async () => {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
