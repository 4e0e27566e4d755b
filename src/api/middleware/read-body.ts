import { type Json, PlatformError } from '@durabase/contracts';
import express, { type Request, type Response } from 'express';
import { refuseUnsafeJson } from '../refuse-unsafe-json.ts';

/** Largest body, in bytes: 1 MiB. */
export const MAX_BODY_BYTES = 1_048_576;

const JSON_TYPE = /^application\/json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i;
const readRaw = express.raw({ type: () => true, limit: MAX_BODY_BYTES, inflate: false });

const hasBody = (request: Request): boolean =>
  request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;

/** For routes that take none: a body that nobody looks at would be a way to smuggle something past the checks. */
export function refuseBody(request: Request): void {
  if (hasBody(request))
    throw new PlatformError('UNSUPPORTED_MEDIA_TYPE', { message: 'this route takes no body', hint: 'leave the body out' });
}

/**
 * The JSON of a body; undefined when there is none.
 * Throws UNSUPPORTED_MEDIA_TYPE, BODY_TOO_LARGE, INVALID_JSON, INVALID_STRING, INVALID_REQUEST.
 */
export async function readBody(request: Request, response: Response): Promise<Json | undefined> {
  if (!hasBody(request)) return undefined;
  if (!JSON_TYPE.test(request.get('content-type') ?? '')) {
    throw new PlatformError('UNSUPPORTED_MEDIA_TYPE', {
      message: 'the body must be JSON',
      hint: 'send "Content-Type: application/json"',
    });
  }
  const bytes = await readBytes(request, response);
  if (bytes.length === 0) return undefined;
  const value = parseJson(bytes);
  refuseUnsafeJson(value);
  return value;
}

const readBytes = (request: Request, response: Response): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    readRaw(request, response, (error?: unknown) => {
      if (error !== undefined) return reject(fromReadError(error));
      const body: unknown = request.body;
      resolve(body instanceof Uint8Array ? body : new Uint8Array());
    });
  });

function fromReadError(error: unknown): PlatformError {
  const type = typeof error === 'object' && error !== null && 'type' in error ? error.type : undefined;
  switch (type) {
    case 'entity.too.large':
      return new PlatformError('BODY_TOO_LARGE', {
        message: 'the body may have at most 1 MiB',
        hint: 'store the data elsewhere and pass its address',
      });
    case 'encoding.unsupported':
      return new PlatformError('UNSUPPORTED_MEDIA_TYPE', {
        message: 'compressed bodies are not accepted',
        hint: 'leave out Content-Encoding',
      });
    case 'request.aborted':
    case 'request.size.invalid':
      return new PlatformError('INVALID_REQUEST', { message: 'the body ended too early' });
    default:
      return new PlatformError('INTERNAL', { cause: error });
  }
}

function parseJson(bytes: Uint8Array): Json {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Json;
  } catch (error) {
    // The parser's own words quote the body, which may hold secrets.
    throw new PlatformError('INVALID_JSON', {
      message: 'the body is not JSON in UTF-8',
      hint: 'check quotes, commas and the encoding',
      cause: error,
    });
  }
}
