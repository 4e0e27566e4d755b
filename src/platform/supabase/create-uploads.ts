import { PlatformError } from '@durabase/contracts';
import { decodeJwt } from 'jose';
import { z } from 'zod';
import type { HttpPort } from '../../ports/http.ts';
import type { SignedUpload, UploadsPort } from '../../ports/uploads.ts';

/** Options of {@link createUploads}. */
export interface UploadsOptions {
  /** Lets Supabase through, wherever that is: see {@link hostOf}. */
  readonly http: HttpPort;
  /** URL of the Supabase project, without a path. */
  readonly supabaseUrl: string;
  /** Where those who upload reach it. @default `supabaseUrl` */
  readonly publicUrl?: string | undefined;
  /** Secret key of the project: Storage's policies do not hold it, ours decided before. */
  readonly secretKey: string;
  readonly bucket: string;
  readonly maxBytes: number;
  /** How long Storage may take, in milliseconds. @default 5_000 */
  readonly timeoutMs?: number;
}

const MAX_ANSWER_BYTES = 65_536;
const signedAnswer = z.object({ url: z.string().regex(/^\/object\/upload\/sign\/[^?]+\?(?:.*&)?token=/) });
/** Storage says some of its refusals with status 400, and the real one in the body. */
const refusalAnswer = z.object({ statusCode: z.coerce.string() });

/** The host of a URL as an allow list names it: what is configured may lie in a private network. */
export function hostOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port === '' ? (protocol === 'https:' ? 443 : 80) : port}`;
}

/** {@link UploadsPort} over the signed upload URLs of Supabase Storage. */
export function createUploads({
  http,
  supabaseUrl,
  publicUrl = supabaseUrl,
  secretKey,
  bucket,
  maxBytes,
  timeoutMs = 5_000,
}: UploadsOptions): UploadsPort {
  const storage = storageOf(supabaseUrl);
  const place = encodeURIComponent(bucket);

  const ask = async (path: string): Promise<{ readonly status: number; readonly body: unknown }> => {
    try {
      const { status, body } = await http.send({
        method: 'POST',
        url: `${storage}/object/upload/sign/${place}/${path.split('/').map(encodeURIComponent).join('/')}`,
        headers: { apikey: secretKey, authorization: `Bearer ${secretKey}`, 'content-type': 'application/json' },
        body: '{}',
        timeoutMs,
        maxRedirects: 0, // the secret key goes to nobody else
        maxResponseBytes: MAX_ANSWER_BYTES,
      });
      return { status, body: parseJson(new TextDecoder().decode(body)) };
    } catch (error) {
      throw unavailable(error);
    }
  };

  return {
    bucket,
    maxBytes,
    sign: async (path) => {
      const { status, body } = await ask(path);
      if (status >= 300) return refuse(status, body);
      const answer = signedAnswer.safeParse(body);
      if (!answer.success) throw unavailable(new Error('Storage answered without a signed URL', { cause: answer.error }));
      return readSigned(new URL(`${storageOf(publicUrl)}${answer.data.url}`));
    },
  };
}

const storageOf = (url: string): string => `${url.replace(/\/+$/, '')}/storage/v1`;

function readSigned(url: URL): SignedUpload {
  const token = url.searchParams.get('token') ?? '';
  const endsAtSeconds = expiryOf(token);
  if (endsAtSeconds === undefined) throw unavailable(new Error('Storage answered with a token that does not say when it ends'));
  return { url: url.href, token, expiresAt: new Date(endsAtSeconds * 1_000).toISOString() };
}

function expiryOf(token: string): number | undefined {
  try {
    return decodeJwt(token).exp;
  } catch {
    return undefined; // told by who asked
  }
}

/** What lies under the path already is an answer; everything else is our trouble or that of whoever runs the instance. */
function refuse(status: number, body: unknown): undefined {
  const said = refusalAnswer.safeParse(body).data?.statusCode ?? String(status);
  if (said === '409') return undefined;
  const cause = new Error(`Storage answered ${status} (${said}): ${JSON.stringify(body)?.slice(0, 300)}`);
  if (status < 400 || status >= 500 || status === 429) throw unavailable(cause);
  throw new PlatformError('UPLOADS_UNAVAILABLE', {
    message: 'Storage refuses the uploads of this instance',
    hint: 'whoever runs it looks at DURABASE_UPLOAD_BUCKET and DURABASE_SECRET_KEY; the log has what Storage said',
    cause,
  });
}

const unavailable = (cause: unknown): PlatformError => new PlatformError('STORAGE_UNAVAILABLE', { cause, retryAfterMs: 2_000 });

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // a proxy's page, say: the status tells enough
  }
}
