import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ACTIONS, type ErrorCode } from '@durabase/contracts';
import { problemBody, type ProblemBody } from '@durabase/contracts/api/problem-body';
import { createApp } from '../../../src/api/app.ts';
import { refusalsOf } from '../../../src/api/openapi/refusals.ts';
import type { ApiPorts } from '../../../src/api/ports.ts';
import { routes } from '../../../src/api/routes/index.ts';
import { createWake } from '../../../src/api/wake-dispatchers.ts';
import { compileTask } from '../../../src/domain/plan/compile-task.ts';
import { createCatalog } from '../../../src/domain/plan/create-catalog.ts';
import type { StreamSettings } from '../../../src/api/streams/stream-settings.ts';
import { createDb } from '../../../src/platform/db/create-db.ts';
import { listen } from '../../../src/platform/db/listen.ts';
import { fromSqlError, isConflict } from '../../../src/platform/db/sql-errors.ts';
import { createHttpClient } from '../../../src/platform/http/index.ts';
import { createUploads, hostOf } from '../../../src/platform/supabase/create-uploads.ts';
import { createVerifyToken } from '../../../src/platform/supabase/verify-token.ts';
import type { Log, LogFields } from '../../../src/ports/log.ts';
import { type StorageServer, startStorageServer, UPLOAD_BUCKET } from './storage-server.ts';
import { type AuthServer, startAuthServer } from './tokens.ts';
import { type StatementListener, watchDb } from './watch-db.ts';

/** Secret key of the project that the tests belong to. */
export const SECRET_KEY = 'sb_secret_0123456789abcdefghijklmnop';

export interface LogLine {
  readonly level: string;
  readonly event: string;
  readonly fields: LogFields;
}

export interface CallOptions {
  /** Id of the user who calls. */
  readonly as?: string;
  /** With the secret key. */
  readonly asService?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly raw?: string | Uint8Array;
}

export interface CallResult<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
  readonly text: string;
}

export interface TestApi {
  readonly url: string;
  readonly auth: AuthServer;
  readonly storage: StorageServer;
  readonly lines: readonly LogLine[];
  /** Sends a request; a good answer must fit the contract of its route, a refusal that of all refusals. */
  call<Body = Record<string, unknown>>(method: string, path: string, options?: CallOptions): Promise<CallResult<Body>>;
  /** Sends a request that must be refused; status, code and path of the refusal. */
  refusal(method: string, path: string, options?: CallOptions): Promise<ProblemBody & { readonly headers: Headers }>;
  /** As the program does when it is asked to end. */
  endStreams(): void;
  close(): Promise<void>;
}

export interface TestApiOptions {
  readonly gatewayUrl: string;
  readonly localSecret?: string;
  readonly poolSize?: number;
  readonly checkInput?: ApiPorts['checkInput'];
  /** @default the real compiler */
  readonly compile?: ApiPorts['compile'];
  /** @default none: payloads are not encrypted */
  readonly codec?: ApiPorts['codec'];
  /** Of one file; 0: the instance takes no uploads. @default 1,000 */
  readonly maxUploadBytes?: number;
  /** Origins of Temporal's Web UI. @default none */
  readonly uiOrigins?: readonly string[];
  /** @default those of the program */
  readonly streams?: Partial<StreamSettings>;
  /** Settings of the program that a test is about. */
  readonly settings?: Partial<Parameters<typeof createApp>[1]>;
  /** Whether the database's notifications come through. @default true */
  readonly isNotified?: boolean;
  /** Hears of each statement that the API sends. */
  readonly onStatement?: StatementListener;
}

/** The app on a socket of its own, with everything real around it. */
export async function startTestApi({
  gatewayUrl,
  localSecret,
  poolSize = 10,
  checkInput,
  compile,
  codec,
  maxUploadBytes = 1_000,
  uiOrigins = [],
  streams = {},
  isNotified = true,
  settings = {},
  onStatement = () => {},
}: TestApiOptions): Promise<TestApi> {
  const auth = await startAuthServer();
  const storage = await startStorageServer(SECRET_KEY);
  const http = createHttpClient({ allow: [hostOf(storage.url)] });
  const lines: LogLine[] = [];
  const log = createListLog(lines);
  const db = watchDb(createDb({ url: gatewayUrl, applicationName: 'api-test', poolSize, log }), onStatement);
  const actions = createCatalog(ACTIONS);
  const app = createApp(
    {
      db,
      sqlErrors: { fromSqlError, isConflict },
      log,
      verifyToken: createVerifyToken({ supabaseUrl: auth.url, ...(localSecret === undefined ? {} : { localSecret }) }),
      compile: compile ?? (async (definition) => compileTask(definition, { actions, secrets: new Set() })),
      wake: createWake({ db, log }),
      codec,
      uploads:
        maxUploadBytes === 0
          ? undefined
          : createUploads({
              http,
              supabaseUrl: storage.url,
              secretKey: SECRET_KEY,
              bucket: UPLOAD_BUCKET,
              maxBytes: maxUploadBytes,
              timeoutMs: 1_000,
            }),
      // Nobody speaks on the other channel: as behind a transaction pooler, which lets no notification pass.
      listenForChanges: (onNews) =>
        listen({ url: gatewayUrl, channel: isNotified ? 'durabase_changes' : 'durabase_silence', log }, onNews),
      ...(checkInput === undefined ? {} : { checkInput }),
    },
    { DURABASE_ENVIRONMENT: 'local', DURABASE_SECRET_KEY: SECRET_KEY, DURABASE_TEMPORAL_UI_ORIGINS: [...uiOrigins], ...settings },
    { streams },
  );
  const server = createServer(app.handle);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const call = async <Body>(method: string, path: string, options: CallOptions = {}): Promise<CallResult<Body>> => {
    const response = await fetch(`${url}${path}`, await toRequest(method, options, auth));
    const text = await response.text();
    const body: unknown = isJson(response) && text !== '' ? JSON.parse(text) : text;
    if (method !== 'HEAD') assertFits({ method, path, status: response.status, body });
    return { status: response.status, headers: response.headers, body: body as Body, text };
  };
  return {
    url,
    auth,
    storage,
    lines,
    call,
    refusal: async (method, path, options) => {
      const { body, headers, status, text } = await call<ProblemBody>(method, path, options);
      if (status < 400) throw new Error(`${method} ${path} was not refused: ${status} ${text.slice(0, 300)}`);
      return { ...body, headers };
    },
    endStreams: app.endStreams,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      await db.close();
      await auth.close();
      await http.close();
      await storage.close();
    },
  };
}

/** An app for the length of one piece of work. */
export async function withApi<Result>(options: TestApiOptions, work: (api: TestApi) => Promise<Result>): Promise<Result> {
  const api = await startTestApi(options);
  try {
    return await work(api);
  } finally {
    await api.close();
  }
}

const isJson = (response: Response): boolean => /json/.test(response.headers.get('content-type') ?? '');

async function toRequest(
  method: string,
  { as, asService, headers = {}, json, raw }: CallOptions,
  auth: AuthServer,
): Promise<RequestInit> {
  const body = raw ?? (json === undefined ? undefined : JSON.stringify(json));
  return {
    method,
    headers: {
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...(as === undefined ? {} : { authorization: `Bearer ${await auth.sign(as)}` }),
      ...(asService === true ? { apikey: SECRET_KEY } : {}),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  };
}

function assertFits({
  method,
  path,
  status,
  body,
}: {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly body: unknown;
}): void {
  const pathname = path.split('?')[0] ?? '';
  const route = routes.find(
    (candidate) => candidate.method === method && new RegExp(`^${candidate.path.replace(/:\w+/g, '[^/]+')}$`).test(pathname),
  );
  if (status === 304) return;
  const schema = route?.answers[status] ?? problemBody;
  const parsed = schema.safeParse(body);
  if (!parsed.success)
    throw new Error(
      `${method} ${path}: the answer ${status} does not fit its contract: ${parsed.error.message}\n${JSON.stringify(body)?.slice(0, 500)}`,
    );
  if (route === undefined || schema !== problemBody || method === 'HEAD') return;
  const { code } = problemBody.parse(body);
  if (code === 'METHOD_NOT_ALLOWED') return; // of a path that a fixed one hides
  if (refusalsOf(route).get(status)?.includes(code) !== true)
    throw new Error(`${method} ${path}: the document does not tell of ${status} ${code}: see src/api/openapi/refusals.ts`);
}

function createListLog(lines: LogLine[], shared: LogFields = {}): Log {
  const at =
    (level: string) =>
    (event: string, fields: LogFields = {}) =>
      void lines.push({ level, event, fields: { ...shared, ...fields } });
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => createListLog(lines, { ...shared, ...fields }),
  };
}

/** Status and code in one word, such as `404 RUN_NOT_FOUND`. */
export const inShort = ({ status, code }: { readonly status: number; readonly code: ErrorCode }): string => `${status} ${code}`;
