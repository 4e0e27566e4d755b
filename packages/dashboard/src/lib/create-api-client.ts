import type { ProblemBody } from '@durabase/contracts/api/problem-body';
import { DurabaseError } from '@durabase/client/errors';

type Problems = NonNullable<ProblemBody['problems']>;

/** A refusal of the API that names several problems at once. */
export class RefusedError extends DurabaseError {
  readonly problems: Problems;

  constructor({ code, detail, hint, path, problems = [] }: ProblemBody) {
    super(code, { message: detail, hint, path });
    this.problems = problems;
  }
}

/** The HTTP API, as whoever is signed in. Throws DurabaseError. */
export interface ApiClient {
  get<Body>(path: string, query?: Readonly<Record<string, string | undefined>>, signal?: AbortSignal): Promise<Body>;
  post<Body>(path: string, body: unknown, options?: PostOptions): Promise<Body>;
}

interface PostOptions {
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal | undefined;
  /** The same call with the same key is done once. */
  readonly idempotencyKey?: string | undefined;
  /** What is saved is based on this; else it is refused with PRECONDITION_FAILED. `null`: there must be nothing yet. */
  readonly basedOn?: string | null | undefined;
}

const ROOT = '/api/v1';

const toQuery = (query: Readonly<Record<string, string | undefined>> = {}): string => {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== '');
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
};

const toHeaders = ({ idempotencyKey, basedOn }: PostOptions): Readonly<Record<string, string>> => ({
  ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
  ...(basedOn === undefined ? {} : basedOn === null ? { 'if-none-match': '*' } : { 'if-match': `"${basedOn}"` }),
});

const readAnswer = async (response: Response): Promise<unknown> => {
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok) return body;
  if (typeof body === 'object' && body !== null && 'code' in body) throw new RefusedError(body as ProblemBody);
  throw new DurabaseError('INTERNAL', { message: `the API answered ${response.status} without a reason` });
};

export const createApiClient = (readToken: () => Promise<string | undefined>): ApiClient => {
  const call = async (address: string, init: RequestInit): Promise<unknown> => {
    const token = await readToken();
    const headers = new Headers(init.headers);
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
    const response = await fetch(`${ROOT}${address}`, { ...init, headers }).catch((error: Error) => {
      if (error.name === 'AbortError') throw error;
      throw new DurabaseError('UNREACHABLE', { message: `the API cannot be reached: ${error.message}`, cause: error });
    });
    return readAnswer(response);
  };
  return {
    get: async <Body>(path: string, query?: Readonly<Record<string, string | undefined>>, signal?: AbortSignal) =>
      (await call(`${path}${toQuery(query)}`, signal === undefined ? {} : { signal })) as Body,
    post: async <Body>(path: string, body: unknown, { query, signal, ...conditions }: PostOptions = {}) =>
      (await call(`${path}${toQuery(query)}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...toHeaders(conditions) },
        body: JSON.stringify(body),
        ...(signal === undefined ? {} : { signal }),
      })) as Body,
  };
};
