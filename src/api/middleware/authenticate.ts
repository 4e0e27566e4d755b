import { createHash, timingSafeEqual } from 'node:crypto';
import { PlatformError } from '@durabase/contracts';
import type { ApiKeyScope } from '@durabase/contracts/api/api-key';
import type { Request } from 'express';
import type { Identity } from '../../ports/db.ts';
import { hashApiKey, isWellWritten, looksLikeApiKey } from '../api-key-text.ts';
import type { VerifyToken } from '../ports.ts';
import type { KnownApiKey } from '../queries/api-keys.ts';

export interface AuthenticateOptions {
  readonly verifyToken: VerifyToken;
  /** Secret key of the project; undefined: nobody is the service. */
  readonly secretKey: string | undefined;
  readonly lookUpApiKey: (hash: string) => Promise<KnownApiKey | undefined>;
}

/** Who is calling, and what of that this call may use. */
export interface Caller {
  readonly identity: Identity;
  /** Of the API key that calls; undefined: none does, and nothing is confined. */
  readonly scopes: readonly ApiKeyScope[] | undefined;
}

export type Authenticate = (request: Request) => Promise<Caller>;

const ACTOR_NAME = /^[\x21-\x7e](?:[\x20-\x7e]{0,98}[\x21-\x7e])?$/;
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Who is calling. As at the Data API, a user's token says it where there is one; the secret key alone is the service, an API key
 * alone the member who made it, confined. Throws UNAUTHENTICATED or TOKEN_EXPIRED.
 */
export function createAuthenticate({ verifyToken, secretKey, lookUpApiKey }: AuthenticateOptions): Authenticate {
  const expected = secretKey === undefined ? undefined : digest(secretKey);
  // Digests have one length, so the comparison tells nothing about the key, not even its length.
  const isSecretKey = (text: string): boolean => expected !== undefined && timingSafeEqual(digest(text), expected);

  const readKey = async (text: string, request: Request): Promise<Caller | undefined> => {
    if (isSecretKey(text)) return { identity: serviceIdentity(request), scopes: undefined };
    return looksLikeApiKey(text) ? callerByKey(text, await findKey(text, lookUpApiKey)) : undefined;
  };

  return async (request) => {
    const authorization = request.get('authorization');
    if (authorization === undefined) {
      const byKey = await readKey(request.get('apikey') ?? '', request);
      if (byKey !== undefined) return byKey;
      throw new PlatformError('UNAUTHENTICATED', {
        message: 'the request names nobody',
        hint: 'send "Authorization: Bearer <token of a user or API key>", or a key in the header apikey',
      });
    }
    const token = /^bearer +([^\s,]+)$/i.exec(authorization)?.[1];
    if (token === undefined) {
      throw new PlatformError('UNAUTHENTICATED', {
        message: 'the Authorization header is not "Bearer <token>"',
        hint: 'send a token of Supabase Auth',
      });
    }
    return (await readKey(token, request)) ?? { identity: await verifyToken(token), scopes: undefined };
  };
}

async function findKey(text: string, lookUpApiKey: AuthenticateOptions['lookUpApiKey']): Promise<KnownApiKey> {
  if (!isWellWritten(text)) {
    throw new PlatformError('UNAUTHENTICATED', {
      message: 'the API key is not written as it was made: its checksum does not fit',
      hint: 'copy the whole key again, from dbk_ to its end',
    });
  }
  const known = await lookUpApiKey(hashApiKey(text));
  if (known === undefined) {
    throw new PlatformError('UNAUTHENTICATED', {
      message: 'no such API key is known here',
      hint: 'was it made on this instance?',
    });
  }
  if (known.state !== 'good') {
    throw new PlatformError('UNAUTHENTICATED', { message: `the API key is ${known.state}`, hint: 'make a new one' });
  }
  return known;
}

/** Postgres finds the key by its hash, each time: what was revoked meanwhile has no rights. */
const callerByKey = (text: string, { scopes }: KnownApiKey): Caller => ({
  identity: {
    role: 'authenticated',
    claims: JSON.stringify({ role: 'authenticated', durabase_api_key: hashApiKey(text) }),
  },
  scopes,
});

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
