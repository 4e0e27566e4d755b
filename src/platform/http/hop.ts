import { PlatformError } from '@durabase/contracts/errors';
import type { OutgoingRequest } from '../../ports/http.ts';
import { ACCEPTED_ENCODINGS } from './decoders.ts';
import { fitsHostPattern } from './host-pattern.ts';

/** One request of a chain of redirects. */
export interface Hop {
  readonly url: URL;
  readonly method: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string | Uint8Array | undefined;
}

/** What the caller said about its credentials. */
export interface CredentialRules {
  /** In lower case. */
  readonly headers: ReadonlySet<string>;
  readonly hosts: readonly (readonly string[])[];
}

const ALWAYS_CREDENTIALS = ['authorization', 'cookie', 'proxy-authorization'];
/** They belong to the connection; `host` would name another target than the one that was checked. */
const CONNECTION_HEADERS = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const REFUSED_METHODS = new Set(['CONNECT', 'TRACE', 'TRACK']);
const REDIRECT_STATUSES = new Set([301, 302, 303, 307, 308]);
const BODY_HEADERS = new Set(['content-encoding', 'content-language', 'content-location', 'content-type']);

/** Whether a status asks to go on elsewhere, provided that it says where. */
export const isRedirect = (status: number): boolean => REDIRECT_STATUSES.has(status);

/** @see CredentialRules */
export const readCredentialRules = (request: OutgoingRequest): CredentialRules => ({
  headers: new Set([...ALWAYS_CREDENTIALS, ...(request.credentialHeaders ?? []).map((name) => name.toLowerCase())]),
  hosts: request.credentialHosts ?? [],
});

/** The request as it was asked for. `url` is the checked form of the one in the request. */
export function startHop(request: OutgoingRequest, url: URL): Hop {
  const method = request.method.toUpperCase();
  if (REFUSED_METHODS.has(method)) {
    throw new PlatformError('STEP_INPUT_INVALID', { message: `The method ${method} is refused`, path: 'method' });
  }
  const headers = new Map([['accept-encoding', ACCEPTED_ENCODINGS]]);
  for (const [name, value] of Object.entries(request.headers)) {
    if (!CONNECTION_HEADERS.has(name.toLowerCase())) headers.set(name.toLowerCase(), value);
  }
  return { url, method, headers, body: request.body };
}

/** Where a redirect leads, as the fetch standard rewrites requests, without credentials where it leaves the origin. */
export function followRedirect(
  hop: Hop,
  redirect: { readonly status: number; readonly url: URL; readonly rules: CredentialRules },
): Hop {
  const { status, url, rules } = redirect;
  const isDowngrade = hop.url.protocol === 'https:' && url.protocol === 'http:';
  if (isDowngrade && [...rules.headers].some((name) => hop.headers.has(name))) {
    throw new PlatformError('SECRET_REFUSED', { message: `"${hop.url.hostname}" redirects credentials from https to http` });
  }
  const headers = new Map(hop.headers);
  if (hop.url.origin !== url.origin) for (const name of rules.headers) headers.delete(name);
  const becomesGet =
    status === 303 ? hop.method !== 'GET' && hop.method !== 'HEAD' : (status === 301 || status === 302) && hop.method === 'POST';
  if (!becomesGet) return { ...hop, url, headers };
  for (const name of BODY_HEADERS) headers.delete(name);
  return { url, method: 'GET', headers, body: undefined };
}

/**
 * Refuses a hop that would carry credentials to a host that one of them is not bound to.
 * They may stand in the first address, in headers of the same origin, or in a body that is sent again.
 */
export function checkCredentialHosts(hop: Hop, options: { readonly rules: CredentialRules; readonly isFirst: boolean }): void {
  const { rules, isFirst } = options;
  const isCarrying = isFirst || hop.body !== undefined || [...rules.headers].some((name) => hop.headers.has(name));
  if (!isCarrying) return;
  const refusing = rules.hosts.find((patterns) => !patterns.some((pattern) => fitsHostPattern(hop.url, pattern)));
  if (refusing === undefined) return;
  throw new PlatformError('SECRET_REFUSED', {
    message: `A credential of this call may not be sent to "${hop.url.host}"`,
    hint: refusing.length === 0 ? 'It is bound to no host yet.' : `It is bound to ${refusing.join(', ')}.`,
  });
}
