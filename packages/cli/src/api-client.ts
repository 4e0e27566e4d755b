import type { Json } from '@durabase/contracts/json';
import type { ProblemBody } from '@durabase/contracts/api/problem-body';
import { CliError } from './cli-error.ts';
import type { Settings } from './settings.ts';

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** On what a save is based: a version by its id in quotes, or that there is nothing yet (`*`). */
type Conditions = { readonly 'if-match'?: string; readonly 'if-none-match'?: string };

/** The HTTP API. Every refusal is a CliError with the code of the API. */
export interface Api {
  get<Body>(path: string, query?: Query): Promise<Body>;
  /** With conditions: refused by PRECONDITION_FAILED where they do not hold. */
  post<Body>(path: string, query?: Query, body?: Json, conditions?: Conditions): Promise<Body>;
  delete<Body>(path: string, query?: Query): Promise<Body>;
}

const PATIENCE_MS = 60_000;

const describeCause = (error: unknown): string => {
  const { message, cause } = error as {
    readonly message?: string;
    readonly cause?: { readonly code?: string; readonly message?: string };
  };
  return cause?.code ?? cause?.message ?? message ?? String(error);
};

const toError = (status: number, text: string, url: string): CliError => {
  let problem: Partial<ProblemBody> = {};
  try {
    problem = JSON.parse(text) as Partial<ProblemBody>;
  } catch {
    // somebody else answers there: the status says what there is to say
  }
  const { code, detail, hint, problems } = problem;
  if (detail === undefined || code === undefined)
    return new CliError(`${url} answered ${status}, and not as Durabase does`, {
      hint: 'is DURABASE_URL the address of the API?',
    });
  return new CliError(detail, { code, hint, problems: problems as CliError['problems'] | undefined });
};

export const createApi = ({ url, token }: Settings): Api => {
  const call = async <Body>(
    method: string,
    path: string,
    query: Query = {},
    body?: Json,
    conditions: Conditions = {},
  ): Promise<Body> => {
    const address = new URL(`${url.replace(/\/+$/, '')}/api/v1${path}`);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) address.searchParams.set(name, String(value));
    const request: RequestInit = {
      method,
      headers: {
        ...conditions,
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(PATIENCE_MS),
      redirect: 'error', // the token goes nowhere else
    };
    let response: Response;
    let text: string;
    try {
      response = await fetch(address, request);
      text = await response.text();
    } catch (error) {
      throw new CliError(`${url} cannot be reached: ${describeCause(error)}`, {
        hint: 'is it running? The local stack is started by npm start',
      });
    }
    if (!response.ok) throw toError(response.status, text, url);
    // The contract of the route; a newer API may add fields, so that a strict check would refuse what is fine.
    return JSON.parse(text) as Body;
  };
  return {
    get: (path, query) => call('GET', path, query),
    post: (path, query, body, conditions) => call('POST', path, query, body, conditions),
    delete: (path, query) => call('DELETE', path, query),
  };
};

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/** All items of a list. */
export async function readAll<Item>(api: Api, path: string, query: Query): Promise<readonly Item[]> {
  const items: Item[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await api.get<Page<Item>>(path, { ...query, limit: 200, cursor });
    items.push(...page.items);
    if (page.nextCursor === null) return items;
    cursor = page.nextCursor;
  }
}
