import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

/** A Supabase Auth that publishes its keys, and signs tokens as the real one does. */
export interface AuthServer {
  readonly url: string;
  readonly issuer: string;
  /** A valid token of a user, unless the claims say otherwise. */
  sign(userId: string, options?: SignOptions): Promise<string>;
  close(): Promise<void>;
}

export interface SignOptions {
  readonly claims?: JWTPayload;
  readonly withoutClaims?: readonly string[];
  /** Seconds from now; negative: expired. @default 600 */
  readonly lifeSeconds?: number;
  /** Signs with keys that are not published, under the published key's name. @default false */
  readonly withForeignKey?: boolean;
}

const KEY_ID = 'key-1';

export async function startAuthServer(): Promise<AuthServer> {
  const own = await generateKeyPair('ES256');
  const foreign = await generateKeyPair('ES256');
  const keys = { keys: [{ ...(await exportJWK(own.publicKey)), kid: KEY_ID, alg: 'ES256', use: 'sig' }] };
  const server = createServer((request, response) => {
    const isKeys = request.url === '/auth/v1/.well-known/jwks.json';
    response.writeHead(isKeys ? 200 : 404, { 'content-type': 'application/json' }).end(isKeys ? JSON.stringify(keys) : '{}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer = `${url}/auth/v1`;
  return {
    url,
    issuer,
    sign: (userId, { withForeignKey = false, ...options } = {}) =>
      new SignJWT(buildClaims(userId, { issuer, ...options }))
        .setProtectedHeader({ alg: 'ES256', kid: KEY_ID })
        .sign(withForeignKey ? foreign.privateKey : own.privateKey),
    close: async () => {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A token signed with a shared secret, as the local stack's are. */
export const signWithSecret = (userId: string, secret: string, options: SignOptions = {}): Promise<string> =>
  new SignJWT(buildClaims(userId, { issuer: 'local', ...options }))
    .setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(secret));

/** A token that says of itself that nobody signed it. */
export const unsigned = (userId: string, issuer: string): string => {
  const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  return `${encode({ alg: 'none', typ: 'JWT' })}.${encode(buildClaims(userId, { issuer }))}.`;
};

/** The same token with other claims and the old signature. */
export const tamper = (token: string, change: JWTPayload): string => {
  const [header, payload = '', signature] = token.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as JWTPayload;
  return [header, Buffer.from(JSON.stringify({ ...claims, ...change })).toString('base64url'), signature].join('.');
};

const buildClaims = (
  userId: string,
  { issuer, claims = {}, withoutClaims = [], lifeSeconds = 600 }: SignOptions & { readonly issuer: string },
): JWTPayload => {
  const now = Math.floor(Date.now() / 1_000);
  const all = {
    iss: issuer,
    aud: 'authenticated',
    sub: userId,
    role: 'authenticated',
    email: `${userId}@example.test`,
    iat: now,
    exp: now + lifeSeconds,
    ...claims,
  };
  return Object.fromEntries(Object.entries(all).filter(([name]) => !withoutClaims.includes(name)));
};
