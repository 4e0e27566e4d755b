import { SignJWT, type JWTPayload } from 'jose';

/** Claims of a token, unchecked. */
export const claimsOf = (token: string): Readonly<Record<string, unknown>> =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Readonly<Record<string, unknown>>;

/** The same token with other claims and the old signature. */
export const withOtherClaims = (token: string, changes: Readonly<Record<string, unknown>>): string => {
  const [header, , signature] = token.split('.');
  return [header, encode({ ...claimsOf(token), ...changes }), signature].join('.');
};

/** The same token with a signature in which one bit is another. */
export const withOtherSignature = (token: string): string => {
  const [header, payload, signature = ''] = token.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  return [header, payload, bytes.toString('base64url')].join('.');
};

/** The same claims in a token that says of itself that nobody signed it. */
export const withoutSignature = (token: string): string => `${encode({ alg: 'none', typ: 'JWT' })}.${token.split('.')[1]}.`;

/** A token of our own making, signed with the project's secret. It lives this many seconds from now on; undefined: for ever. */
export const signToken = (
  claims: JWTPayload,
  { secret, seconds }: { readonly secret: string; readonly seconds: number | undefined },
): Promise<string> => {
  const now = Math.floor(Date.now() / 1_000);
  const token = new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'JWT' }).setIssuedAt(now - 7_200);
  return (seconds === undefined ? token : token.setExpirationTime(now + seconds)).sign(new TextEncoder().encode(secret));
};

const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');
