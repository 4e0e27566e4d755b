import { timingSafeEqual } from 'node:crypto';
import { errors, jwtVerify, type JWTPayload } from 'jose';

export type ApiRole = 'anon' | 'authenticated' | 'service_role';

/** Who speaks: what the database is told when it checks rights. */
export interface Identity {
  readonly role: ApiRole;
  /** The claims as JSON text. */
  readonly claims: string;
  /** Undefined for the project's own keys, which do not expire. */
  readonly expiresAtMs: number | undefined;
}

export type Verified = { readonly identity: Identity } | { readonly problem: TokenProblem };

export interface TokenProblem {
  /** The real server's word for it. */
  readonly code: 'InvalidJWTToken' | 'MalformedJWT' | 'JwtSignatureError' | 'JwtSignerError';
  readonly message: string;
}

export interface Tokens {
  /** Who a key stands for; undefined: nobody. */
  readKey(key: string): Promise<Identity | undefined>;
  verify(token: string): Promise<Verified>;
}

export interface TokensOptions {
  readonly jwtSecret: string;
  readonly publishableKey: string;
  readonly secretKey: string;
}

const ROLES: readonly string[] = ['anon', 'authenticated', 'service_role'] satisfies readonly ApiRole[];
const ALGORITHMS = ['HS256', 'HS384', 'HS512'];
const MISSING_CLAIMS: TokenProblem = { code: 'InvalidJWTToken', message: 'Fields `role` and `exp` are required in JWT' };

export const createTokens = ({ jwtSecret, publishableKey, secretKey }: TokensOptions): Tokens => {
  const secret = new TextEncoder().encode(jwtSecret);
  const verify = async (token: string): Promise<Verified> => {
    try {
      // A token without expiry is refused below with the real server's words; the library's come first otherwise.
      const { payload } = await jwtVerify(token.replaceAll(/\s/g, ''), secret, { algorithms: ALGORITHMS });
      return identify(payload);
    } catch (error) {
      return { problem: describeProblem(error) };
    }
  };
  return {
    verify,
    readKey: async (key) => {
      if (isSameText(key, publishableKey)) return keyIdentity('anon');
      if (isSameText(key, secretKey)) return keyIdentity('service_role');
      const verified = await verify(key);
      return 'identity' in verified ? verified.identity : undefined;
    },
  };
};

/** Keys of the new kind are no tokens: clients without a session send theirs where a token would stand. */
export const isProjectKey = (token: string): boolean => token.startsWith('sb_');

export const expiredMessage = (secondsAgo: number): string => `Token has expired ${secondsAgo} seconds ago`;

const keyIdentity = (role: ApiRole): Identity => ({ role, claims: JSON.stringify({ role }), expiresAtMs: undefined });

const identify = (payload: JWTPayload): Verified => {
  const { role, exp } = payload;
  if (role === undefined || exp === undefined) return { problem: MISSING_CLAIMS };
  if (typeof role !== 'string' || !ROLES.includes(role))
    return {
      problem: { code: 'InvalidJWTToken', message: 'The role of the token is none of anon, authenticated, service_role' },
    };
  return { identity: { role: role as ApiRole, claims: JSON.stringify(payload), expiresAtMs: exp * 1_000 } };
};

const describeProblem = (error: unknown): TokenProblem => {
  if (error instanceof errors.JWTExpired)
    return { code: 'InvalidJWTToken', message: expiredMessage(Math.floor(Date.now() / 1_000 - Number(error.payload.exp))) };
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return { code: 'JwtSignatureError', message: 'Failed to validate JWT signature' };
  if (error instanceof errors.JOSEAlgNotAllowed)
    return { code: 'JwtSignerError', message: 'Failed to generate JWT signer, check your JWT secret or JWKS configuration' };
  if (error instanceof errors.JWTClaimValidationFailed)
    return { code: 'InvalidJWTToken', message: `The claim ${error.claim} of the token is not valid` };
  return { code: 'MalformedJWT', message: 'The token provided is not a valid JWT' };
};

const isSameText = (given: string, known: string): boolean => {
  const [left, right] = [Buffer.from(given), Buffer.from(known)];
  return left.length === right.length && timingSafeEqual(left, right);
};
