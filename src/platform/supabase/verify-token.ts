import { PlatformError } from '@durabase/contracts';
import { createRemoteJWKSet, decodeProtectedHeader, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import type { Identity } from '../../ports/db.ts';

export interface VerifyTokenOptions {
  /** URL of the Supabase project, without a path. */
  readonly supabaseUrl: string;
  /** HS256 secret of the local stack. @default none: only tokens signed by the project's keys are users */
  readonly localSecret?: string;
}

const SHARED = { audience: 'authenticated', requiredClaims: ['exp', 'sub'] };
/**
 * Verifying costs more than all else that a request costs this process, and clients send one token many times. Never
 * longer than the token lives; the published keys themselves are held for longer.
 */
const KNOWN_FOR_MS = 60_000;
const MAX_KNOWN = 2_000;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Verifies tokens of Supabase Auth: by the published keys of the project, in the local stack also by its shared secret.
 * The verifier throws PlatformError: TOKEN_EXPIRED, UNAUTHENTICATED, AUTH_UNAVAILABLE when the keys cannot be fetched.
 */
export function createVerifyToken({ supabaseUrl, localSecret }: VerifyTokenOptions): (token: string) => Promise<Identity> {
  const issuer = `${supabaseUrl.replace(/\/+$/, '')}/auth/v1`;
  const findKey = tellFetchFailures(createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`)));
  const secret = localSecret === undefined ? undefined : new TextEncoder().encode(localSecret);

  const verify = async (token: string): Promise<JWTPayload> => {
    if (decodeProtectedHeader(token).alg === 'HS256') {
      // Its own branch, so that a public key can never be taken for the secret.
      if (secret === undefined)
        throw new PlatformError('UNAUTHENTICATED', {
          message: 'tokens with a shared secret are accepted by the local stack only',
        });
      return (await jwtVerify(token, secret, { ...SHARED, algorithms: ['HS256'] })).payload;
    }
    return (await jwtVerify(token, findKey, { ...SHARED, issuer, algorithms: ['ES256', 'RS256'] })).payload;
  };

  const known = new Map<string, { readonly identity: Identity; readonly untilMs: number }>();
  return async (token) => {
    const found = known.get(token);
    if (found !== undefined && found.untilMs > Date.now()) return found.identity;
    try {
      const claims = await verify(token);
      const identity = toIdentity(claims);
      if (known.size >= MAX_KNOWN) known.clear();
      known.set(token, { identity, untilMs: Math.min((claims.exp ?? 0) * 1_000, Date.now() + KNOWN_FOR_MS) });
      return identity;
    } catch (error) {
      throw toRefusal(error);
    }
  };
}

/** Only signed-in users: `anon` and `service_role` are keys of the project, not people. */
function toIdentity(claims: JWTPayload): Identity {
  if (claims['role'] !== 'authenticated' || typeof claims.sub !== 'string' || !UUID.test(claims.sub)) {
    throw new PlatformError('UNAUTHENTICATED', { message: 'the token is not that of a signed-in user' });
  }
  return { role: 'authenticated', claims: JSON.stringify(claims) };
}

function toRefusal(error: unknown): PlatformError {
  if (error instanceof PlatformError) return error;
  if (error instanceof errors.JWTExpired)
    return new PlatformError('TOKEN_EXPIRED', { hint: 'refresh the session', cause: error });
  return new PlatformError('UNAUTHENTICATED', { message: 'the token is not valid', hint: 'sign in again', cause: error });
}

/** A token whose key is not among the published ones is refused; keys that cannot be read are our trouble, not the caller's. */
const tellFetchFailures =
  (findKey: JWTVerifyGetKey): JWTVerifyGetKey =>
  async (header, token) => {
    try {
      return await findKey(header, token);
    } catch (error) {
      const isRefused =
        error instanceof errors.JWKSNoMatchingKey ||
        error instanceof errors.JWKSMultipleMatchingKeys ||
        error instanceof errors.JOSENotSupported;
      throw isRefused ? error : new PlatformError('AUTH_UNAVAILABLE', { cause: error, retryAfterMs: 2_000 });
    }
  };
