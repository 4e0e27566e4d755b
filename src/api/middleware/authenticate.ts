import { createHash, timingSafeEqual } from 'node:crypto';
import { PlatformError } from '@durabase/contracts';
import type { Request } from 'express';
import type { Identity } from '../../ports/db.ts';
import type { VerifyToken } from '../ports.ts';

export interface AuthenticateOptions {
  readonly verifyToken: VerifyToken;
  /** Secret key of the project; undefined: nobody is the service. */
  readonly secretKey: string | undefined;
}

export type Authenticate = (request: Request) => Promise<Identity>;

const ACTOR_NAME = /^[\x21-\x7e](?:[\x20-\x7e]{0,98}[\x21-\x7e])?$/;
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Who is calling. As at the Data API, a user's token says it where there is one; the secret key alone is the service.
 * Throws UNAUTHENTICATED or TOKEN_EXPIRED.
 */
export function createAuthenticate({ verifyToken, secretKey }: AuthenticateOptions): Authenticate {
  const expected = secretKey === undefined ? undefined : digest(secretKey);
  // Digests have one length, so the comparison tells nothing about the key, not even its length.
  const isSecretKey = (text: string | undefined): boolean =>
    text !== undefined && expected !== undefined && timingSafeEqual(digest(text), expected);

  return async (request) => {
    const authorization = request.get('authorization');
    if (authorization === undefined) {
      if (isSecretKey(request.get('apikey'))) return serviceIdentity(request);
      throw new PlatformError('UNAUTHENTICATED', {
        message: 'the request names nobody',
        hint: 'send "Authorization: Bearer <token of a user>", or the secret key in the header apikey',
      });
    }
    const token = /^bearer +([^\s,]+)$/i.exec(authorization)?.[1];
    if (token === undefined) {
      throw new PlatformError('UNAUTHENTICATED', {
        message: 'the Authorization header is not "Bearer <token>"',
        hint: 'send a token of Supabase Auth',
      });
    }
    return isSecretKey(token) ? serviceIdentity(request) : verifyToken(token);
  };
}

/** A service may say which one it is; the audit shows the name. */
function serviceIdentity(request: Request): Identity {
  const name = request.get('x-durabase-actor');
  if (name !== undefined && !ACTOR_NAME.test(name)) {
    throw new PlatformError('INVALID_REQUEST', {
      message: 'X-Durabase-Actor must be 1 to 100 printable ASCII characters',
      path: 'X-Durabase-Actor',
    });
  }
  return {
    role: 'service_role',
    claims: JSON.stringify({ role: 'service_role', ...(name === undefined ? {} : { durabase_actor: name }) }),
  };
}
