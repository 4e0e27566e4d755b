import { DurabaseError, type DurabaseErrorDetails } from '../errors.ts';
import type { AnswerError } from './supabase-like.ts';

/** Connection exceptions, server shutting down, too many connections, disk full. */
const UNAVAILABLE_SQLSTATE = /^(?:08...|57P0[1-5]|53...|25006)$/;
/** PostgREST cannot reach its database, or is reading the schema. */
const UNAVAILABLE_POSTGREST = /^PGRST00[0-3]$/;
/** No such function, table or schema in the Data API. */
const NOT_INSTALLED = /^PGRST(?:106|202|205)$/;
const UNKNOWN_TOKEN = /^PGRST30[0-3]$/;

const readDetails = (details: string | null | undefined): { readonly code?: unknown; readonly path?: unknown } => {
  try {
    const parsed: unknown = JSON.parse(details ?? '{}');
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {}; // a detail of Postgres itself
  }
};

/** The border between supabase-js and the rest: every refused or failed call becomes a {@link DurabaseError} here. */
export const translateError = (error: AnswerError, status: number): DurabaseError => {
  const { code, path } = readDetails(error.details);
  if (typeof code === 'string' && error.code?.startsWith('PT') === true) {
    return new DurabaseError(code, {
      message: error.message,
      hint: error.hint ?? undefined,
      path: typeof path === 'string' ? path : undefined,
      cause: error,
    });
  }
  const [general, details = {}] = translateGeneral(error, status);
  return new DurabaseError(general, { cause: error, ...details });
};

const translateGeneral = (
  { code = '', message }: AnswerError,
  status: number,
): readonly [code: string, details?: DurabaseErrorDetails] => {
  if (status === 0) return ['UNREACHABLE', { message: `Supabase cannot be reached: ${message}` }];
  if (status === 401 || UNKNOWN_TOKEN.test(code))
    return [/expired/i.test(message) ? 'TOKEN_EXPIRED' : 'UNAUTHENTICATED', { hint: 'sign in' }];
  if (code === '42501' || status === 403) return ['FORBIDDEN', { message }];
  if (NOT_INSTALLED.test(code))
    return ['NOT_INSTALLED', { message, hint: 'run its migrations, and expose the schema durabase in the Data API' }];
  if (code === '22P02' || code === '22007') return ['INVALID_REQUEST', { message }];
  if (code === '22P05' || code === '22021') return ['INVALID_STRING', { hint: 'leave out NUL characters and lone surrogates' }];
  if (UNAVAILABLE_SQLSTATE.test(code) || UNAVAILABLE_POSTGREST.test(code) || [502, 503, 504].includes(status))
    return ['DATABASE_UNAVAILABLE', { message }];
  return ['INTERNAL', { message }];
};

/** What a call threw instead of answering: the network, or a time-out. */
export const translateThrown = (thrown: unknown): DurabaseError =>
  new DurabaseError('UNREACHABLE', {
    message: `Supabase cannot be reached: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    cause: thrown,
  });
