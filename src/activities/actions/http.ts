import type { z } from 'zod';
import type { httpAction } from '@durabase/contracts/actions/http';
import { parseDurationMs } from '@durabase/contracts/duration';
import { PlatformError } from '@durabase/contracts/errors';
import type { Json } from '@durabase/contracts/json';
import type { ActionContext, ActionHandler } from '../../ports/action.ts';
import type { HttpPort, IncomingResponse } from '../../ports/http.ts';

type HttpInput = z.output<typeof httpAction.input>;
type HttpOutput = z.input<typeof httpAction.output>;

const READING = new Set(['GET', 'HEAD', 'OPTIONS']);
/** They belong to the connection, and `host` would speak to another site than the one that was checked. */
const CONNECTION_HEADERS =
  /^(?:connection|content-length|expect|host|keep-alive|proxy-connection|te|trailer|transfer-encoding|upgrade)$/;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,256}$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Credentials that came without a secret, from the answer of an earlier step for example. */
const CREDENTIAL_NAME = /auth|cookie|credential|password|secret|session|signature|token|api-?key|access-?key/;
const RETRYABLE_STATUSES = new Set([408, 425, 429]);
const RETRY_AFTER_MAX_MS = 3_600_000;
const EXCERPT_MAX_LENGTH = 500;
const TEXT_TYPE = /^text\/|[/+](?:xml|javascript|ecmascript|(?:x-)?yaml|csv|graphql|(?:x-)?ndjson|jsonl|x-www-form-urlencoded)$/;
const JSON_TYPE = /[/+]json$/;

/**
 * Calls a URL. Numbers of a JSON answer are JavaScript numbers: integers beyond 2^53 lose digits; take such answers as `text`.
 */
export const createHttp =
  ({ http }: { readonly http: HttpPort }): ActionHandler<HttpInput, HttpOutput> =>
  async (input, context) => {
    const body = buildBody(input);
    const headers = buildHeaders(input, { context, contentType: body?.type });
    const credentialHeaders = findCredentialHeaders(headers, { input, context });
    const startedAtMs = performance.now();
    const response = await http.send({
      method: input.method.toUpperCase(),
      url: buildUrl(input),
      headers: Object.fromEntries(headers),
      timeoutMs: readTimeout(input.timeout),
      maxRedirects: input.redirects,
      maxResponseBytes: input.maxResponseBytes,
      credentialHeaders,
      signal: context.signal,
      ...(body === undefined ? {} : { body: body.content }),
      ...(context.secrets.length === 0 ? {} : { credentialHosts: context.secrets.map(({ hosts }) => hosts) }),
    });
    const durationMs = Math.round(performance.now() - startedAtMs);
    if (!isExpected(response.status, input.expect)) {
      const sent = credentialHeaders.map((name) => headers.get(name) ?? '');
      throw refuseStatus(response, [...sent, ...context.secrets.map(({ value }) => value)]);
    }
    return {
      status: response.status,
      headers: { ...response.headers },
      body: readBody(response, input.responseType),
      url: stripUrl(response.url),
      durationMs,
    };
  };

const invalid = (path: string, message: string): PlatformError => new PlatformError('STEP_INPUT_INVALID', { path, message });

function buildUrl({ url: text, query }: HttpInput): string {
  const url = URL.parse(text);
  if (url === null) throw invalid('url', 'The URL cannot be read; write it in full, such as https://api.example.com/orders');
  if (url.username !== '' || url.password !== '') throw invalid('url', 'The URL holds a user or a password; give them in "auth"');
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((item): [string, string] => [name, String(item)]),
  );
  // Appended as text: reading the existing query and writing it again would change the spelling that a signature covers.
  if (pairs.length > 0) url.search = `${url.search}${url.search === '' ? '' : '&'}${new URLSearchParams(pairs).toString()}`;
  return url.href;
}

function readTimeout(text: string): number {
  const timeoutMs = parseDurationMs(text);
  if (timeoutMs === undefined || timeoutMs === 0)
    throw invalid('timeout', `"${text}" is no time-out; write for example "30 seconds"`);
  return timeoutMs;
}

/** Names in lower case. */
function buildHeaders(
  input: HttpInput,
  { context, contentType }: { readonly context: ActionContext; readonly contentType: string | undefined },
): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(input.headers)) addHeader(headers, { name, value, path: `headers.${name}` });
  const auth = readAuth(input.auth);
  if (auth !== undefined) addHeader(headers, auth);
  const setDefault = (name: string, value: string): void => {
    if (!headers.has(name.toLowerCase())) headers.set(name.toLowerCase(), value);
  };
  setDefault('accept', '*/*');
  setDefault('user-agent', 'durabase');
  if (contentType !== undefined) setDefault('content-type', contentType);
  if (!READING.has(input.method.toUpperCase())) setDefault(input.idempotencyHeader, context.idempotencyKey);
  return headers;
}

interface Header {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

function addHeader(headers: Map<string, string>, { name, value, path }: Header): void {
  const key = name.toLowerCase();
  if (!HEADER_NAME.test(name)) throw invalid(path, 'The name of a header holds a character that it may not hold');
  if (CONNECTION_HEADERS.test(key)) throw invalid(path, `The header "${key}" is set by the connection itself; leave it out`);
  // The value is not said: it may be a secret.
  if (!HEADER_VALUE.test(value))
    throw invalid(path, `The value of the header "${key}" holds a line break or another character that it may not hold`);
  if (headers.has(key)) throw invalid(path, `The header "${key}" is given twice`);
  headers.set(key, value);
}

function readAuth(auth: HttpInput['auth']): Header | undefined {
  if (auth === undefined) return undefined;
  if ('bearer' in auth) return { name: 'authorization', value: `Bearer ${auth.bearer}`, path: 'auth.bearer' };
  if ('header' in auth) return { ...auth.header, path: 'auth.header' };
  const { user, password } = auth.basic;
  // RFC 7617: the first colon ends the user.
  if (user.includes(':')) throw invalid('auth.basic.user', 'The user of basic authentication may hold no colon');
  return { name: 'authorization', value: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`, path: 'auth.basic' };
}

function buildBody({ json, form, body }: HttpInput): { readonly content: string; readonly type: string } | undefined {
  if (json !== undefined) return { content: JSON.stringify(json), type: 'application/json' };
  if (body !== undefined) return { content: body, type: 'text/plain;charset=UTF-8' };
  if (form === undefined) return undefined;
  const fields = Object.entries(form).map(([name, value]): [string, string] => [name, String(value)]);
  return { content: new URLSearchParams(fields).toString(), type: 'application/x-www-form-urlencoded' };
}

function findCredentialHeaders(
  headers: ReadonlyMap<string, string>,
  { input, context }: { readonly input: HttpInput; readonly context: ActionContext },
): readonly string[] {
  const own = input.auth !== undefined && 'header' in input.auth ? input.auth.header.name.toLowerCase() : undefined;
  const secrets = context.secrets.map(({ value }) => value).filter((value) => value !== '');
  return [...headers]
    .filter(([name, value]) => name === own || CREDENTIAL_NAME.test(name) || secrets.some((secret) => value.includes(secret)))
    .map(([name]) => name);
}

const isExpected = (status: number, expected: HttpInput['expect']): boolean =>
  expected.some((entry) => (typeof entry === 'number' ? entry === status : entry.startsWith(String(Math.floor(status / 100)))));

function refuseStatus(response: IncomingResponse, concealed: readonly string[]): PlatformError {
  const { status, headers, url } = response;
  const isRetryable = status >= 500 || RETRYABLE_STATUSES.has(status);
  const retryAfterMs = isRetryable ? readRetryAfter(headers['retry-after'], Date.now()) : undefined;
  const body = excerpt(response, concealed);
  return new PlatformError(isRetryable ? 'HTTP_STATUS' : 'HTTP_REFUSED', {
    message: `"${new URL(url).hostname}" answered ${status}`,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    data: { status, ...(body === undefined ? {} : { body }) },
  });
}

function readRetryAfter(text: string | undefined, nowMs: number): number | undefined {
  if (text === undefined) return undefined;
  const waitMs = /^\d+$/.test(text.trim()) ? Number(text) * 1_000 : Date.parse(text) - nowMs;
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), RETRY_AFTER_MAX_MS);
}

/** What the target said, for people; without the secrets that it may repeat and without what a database refuses. */
function excerpt(response: IncomingResponse, concealed: readonly string[]): string | undefined {
  const text = decodeText(response);
  if (text === undefined || text === '') return undefined;
  const spellings = concealed.flatMap((value) => [
    value,
    encodeURIComponent(value.toWellFormed()),
    JSON.stringify(value).slice(1, -1),
  ]);
  const shown = spellings
    .filter((spelling) => spelling !== '')
    .reduce((rest, spelling) => rest.replaceAll(spelling, '[secret]'), text);
  return shown.replaceAll('\0', '').slice(0, EXCERPT_MAX_LENGTH).toWellFormed();
}

function readBody(response: IncomingResponse, as: HttpInput['responseType']): Json {
  const base64 = (): string => Buffer.from(response.body).toString('base64');
  const text = (): string => new TextDecoder(findCharset(response)).decode(response.body);
  switch (as) {
    case 'text':
      return text();
    case 'base64':
      return base64();
    case 'json':
      return parseJson(text());
    case 'auto':
      if (response.body.length === 0) return null;
      return JSON_TYPE.test(findType(response)) ? parseJsonOrKeep(text()) : (decodeText(response) ?? base64());
  }
}

function parseJson(text: string): Json {
  if (text === '') return null;
  try {
    return JSON.parse(text) as Json;
  } catch {
    // The parser's message repeats a part of the answer, so the cause is left out.
    throw new PlatformError('STEP_OUTPUT_INVALID', {
      path: 'body',
      message: 'The answer is not valid JSON',
      hint: 'Take it with responseType "text".',
    });
  }
}

function parseJsonOrKeep(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** `undefined` for binary content. */
function decodeText(response: IncomingResponse): string | undefined {
  const type = findType(response);
  if (TEXT_TYPE.test(type) || JSON_TYPE.test(type)) return new TextDecoder(findCharset(response)).decode(response.body);
  if (type !== '') return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(response.body);
  } catch {
    return undefined;
  }
}

const findType = ({ headers }: IncomingResponse): string =>
  (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

function findCharset({ headers }: IncomingResponse): string {
  const label = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(headers['content-type'] ?? '')?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(label).encoding;
  } catch {
    // A label that nobody knows says nothing, and UTF-8 is the likeliest.
    return 'utf-8';
  }
}

function stripUrl(text: string): string {
  const url = new URL(text);
  return `${url.origin}${url.pathname}`;
}
