import { Agent, type Dispatcher } from 'undici';
import { PlatformError } from '@durabase/contracts/errors';
import type { HttpPort, IncomingResponse, OutgoingRequest } from '../../ports/http.ts';
import { createConnector } from './connect.ts';
import { startDeadline, type Deadline } from './deadline.ts';
import { createGuard, type Guard, type Lookup } from './guard.ts';
import {
  checkCredentialHosts,
  followRedirect,
  isRedirect,
  readCredentialRules,
  startHop,
  type CredentialRules,
  type Hop,
} from './hop.ts';
import { toHttpError } from './http-errors.ts';
import { readBody } from './read-body.ts';

export interface HttpClientOptions {
  /**
   * Private addresses that may be reached: `host:port` (the host as the URL says it, name or IP address) or a range
   * such as `10.0.0.0/8`.
   */
  readonly allow: readonly string[];
  /** @default the system's resolver */
  readonly lookup?: Lookup;
  /** For resolving, and again for connecting, in milliseconds. @default 10_000 */
  readonly connectTimeoutMs?: number;
  /** @default 64 */
  readonly maxConnectionsPerOrigin?: number;
  /** Trusted in addition to those of Node, as PEM texts. @default none */
  readonly certificateAuthorities?: readonly string[];
}

type Answer = Dispatcher.ResponseData;

const MAX_HEADER_BYTES = 65_536;
const MAX_HEADER_COUNT = 500;
const IDLE_CONNECTION_MS = 4_000;
const IDLE_CONNECTION_MAX_MS = 30_000;
const DISCARDED_BODY_MAX_BYTES = 16_384;

/** The one client for everything that goes out; see {@link HttpPort} for what it promises. */
export function createHttpClient(options: HttpClientOptions): HttpPort {
  const guard = createGuard(options);
  const agent = new Agent({
    connect: createConnector({
      guard,
      connectTimeoutMs: options.connectTimeoutMs ?? 10_000,
      certificateAuthorities: options.certificateAuthorities ?? [],
    }),
    connections: options.maxConnectionsPerOrigin ?? 64,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: IDLE_CONNECTION_MS,
    keepAliveMaxTimeout: IDLE_CONNECTION_MAX_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    // One deadline covers the whole call.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return {
    send: (request) => send(request, { agent, guard }),
    close: () => agent.close(),
  };
}

interface Wiring {
  readonly agent: Agent;
  readonly guard: Guard;
}

async function send(request: OutgoingRequest, { agent, guard }: Wiring): Promise<IncomingResponse> {
  request.signal?.throwIfAborted();
  const rules = readCredentialRules(request);
  let hop = startHop(request, guard.checkUrl(request.url));
  const deadline = startDeadline({
    timeoutMs: request.timeoutMs,
    signal: request.signal,
    timeoutError: () =>
      new PlatformError('HTTP_TIMEOUT', {
        message: `"${hop.url.hostname}" did not complete its answer within ${request.timeoutMs} ms`,
      }),
  });
  try {
    for (let hopCount = 0; ; hopCount += 1) {
      checkCredentialHosts(hop, { rules, isFirst: hopCount === 0 });
      const answer = await exchange(hop, { agent, deadline });
      const next = request.maxRedirects === 0 ? undefined : findNextHop(hop, { answer, guard, rules });
      if (next === undefined) return await complete(hop, { answer, deadline, maxBytes: request.maxResponseBytes });
      if (hopCount >= request.maxRedirects) throw tooManyRedirects(hop, request.maxRedirects);
      discard(answer, deadline);
      hop = next;
    }
  } catch (error) {
    if (deadline.signal.aborted) throw deadline.signal.reason;
    throw toHttpError(error, hop.url.hostname);
  } finally {
    deadline.release();
  }
}

function exchange(hop: Hop, { agent, deadline }: { readonly agent: Agent; readonly deadline: Deadline }): Promise<Answer> {
  const { url, method, headers, body } = hop;
  // Raced, because the driver heeds the signal only once it has a connection.
  return deadline.race(
    agent.request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method,
      headers: Object.fromEntries(headers),
      body: body ?? null,
      signal: deadline.signal,
    }),
  );
}

function findNextHop(
  hop: Hop,
  options: { readonly answer: Answer; readonly guard: Guard; readonly rules: CredentialRules },
): Hop | undefined {
  const { answer, guard, rules } = options;
  const location = joinValues(answer.headers['location']);
  if (!isRedirect(answer.statusCode) || location === undefined) return undefined;
  const target = URL.parse(location, hop.url.href);
  if (target === null)
    throw new PlatformError('HTTP_REDIRECTS', { message: `"${hop.url.hostname}" redirects to something that is no URL` });
  return followRedirect(hop, { status: answer.statusCode, url: guard.checkUrl(target.href), rules });
}

async function complete(
  hop: Hop,
  options: { readonly answer: Answer; readonly deadline: Deadline; readonly maxBytes: number },
): Promise<IncomingResponse> {
  const { answer, deadline, maxBytes } = options;
  const host = hop.url.hostname;
  const headers = readHeaders(answer, host);
  const body = await deadline.race(readBody({ source: answer.body, encoding: headers['content-encoding'], maxBytes, host }));
  return { status: answer.statusCode, headers, body, url: hop.url.href };
}

function readHeaders(answer: Answer, host: string): Readonly<Record<string, string>> {
  const headers: [string, string][] = [];
  for (const [name, value] of Object.entries(answer.headers)) {
    const text = joinValues(value);
    if (text !== undefined && name !== '__proto__') headers.push([name, text]);
  }
  const headerCount = Object.values(answer.headers).flat().length;
  if (headerCount <= MAX_HEADER_COUNT) return Object.fromEntries(headers);
  throw new PlatformError('HTTP_RESPONSE_TOO_LARGE', { message: `"${host}" answered with ${headerCount} headers` });
}

const joinValues = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(', ') : value;

/** Frees the connection of a redirect; a body that is too long or too slow costs the connection and no time. */
function discard(answer: Answer, deadline: Deadline): void {
  answer.body.on('error', () => undefined);
  // Nobody needs the outcome: the answer's headers have already been used.
  answer.body.dump({ limit: DISCARDED_BODY_MAX_BYTES, signal: deadline.signal }).catch(() => undefined);
}

const tooManyRedirects = (hop: Hop, maxRedirects: number): PlatformError =>
  new PlatformError('HTTP_REDIRECTS', { message: `"${hop.url.hostname}" redirects once more after ${maxRedirects} redirects` });
