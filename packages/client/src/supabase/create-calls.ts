import { DurabaseError } from '../errors.ts';
import type { Answer, Call, Rows, SchemaLike, SupabaseLike } from './supabase-like.ts';
import { translateError, translateThrown } from './translate-error.ts';

/** Calls of the schema `durabase`, as whoever is signed in. Every failure is a `DurabaseError`. */
export interface Calls {
  /** Calls a function by the names of its arguments. Arguments that are undefined are left out. */
  call(name: string, args: Readonly<Record<string, unknown>>, signal?: AbortSignal): Promise<unknown>;
  /** Reads rows of a table, as row-level security shows them. */
  read(table: string, choose: (rows: Rows) => Rows, signal?: AbortSignal): Promise<readonly unknown[]>;
}

const SCHEMA = 'durabase';

/** @param timeoutMs after so long a call without an answer counts as failed, in milliseconds */
export const createCalls = (supabase: SupabaseLike, timeoutMs: number): Calls => {
  // The types of the app's own database say nothing of our schema; by shape it is the one that SchemaLike describes.
  const schema = (): SchemaLike => supabase.schema(SCHEMA as never) as SchemaLike;
  return {
    call: async (name, args, signal) => {
      const given = Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined));
      return await answerOf(schema().rpc(name, given), { signal, timeoutMs });
    },
    read: async (table, choose, signal) => {
      const data = await answerOf(choose(schema().from(table).select('*')), { signal, timeoutMs });
      return Array.isArray(data) ? data : [];
    },
  };
};

/** A network that swallows packets would otherwise be waited for without end. */
const answerOf = async (
  call: Call,
  { signal, timeoutMs }: { readonly signal: AbortSignal | undefined; readonly timeoutMs: number },
): Promise<unknown> => {
  signal?.throwIfAborted();
  const cut = new AbortController();
  const onAbort = (): void => cut.abort(signal?.reason);
  const timer = setTimeout(() => cut.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  signal?.addEventListener('abort', onAbort);
  try {
    return valueOf(await call.abortSignal(cut.signal).then(undefined, throwTranslated), cut.signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
  }
};

const throwTranslated = (thrown: unknown): never => {
  throw translateThrown(thrown);
};

const valueOf = ({ data, error, status }: Answer, cut: AbortSignal): unknown => {
  if (error === null) return data;
  if (cut.aborted) throw new DurabaseError('UNREACHABLE', { message: String(cut.reason), cause: error });
  throw translateError(error, status);
};
