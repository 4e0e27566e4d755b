import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { startStack, type Stack } from '@durabase/local-stack';
import { createClient } from '@supabase/supabase-js';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { startEffectsTarget, type EffectsTarget } from './effects-target.ts';

const PROJECT = join(import.meta.dirname, '../..');

/** The whole product as its users have it: a stack of its own, somebody who signed up, and a target. */
export interface Product {
  readonly stack: Stack;
  readonly target: EffectsTarget;
  /** Signed in. */
  readonly supabase: ReturnType<typeof connect>;
  readonly token: string;
  /** The database's owner, for looking. A killed server ends its connections, the next query makes new ones. */
  readonly owner: pg.Pool;
  callApi(path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
  /** Calls `start_run` in SQL as the user; the commit is the acknowledgement. */
  startBySql(task: string, input: unknown, idempotencyKey: string): Promise<string>;
  /** Status of every execution that Temporal knows, by workflow id. */
  listExecutions(): Promise<readonly (readonly [workflowId: string, status: string])[]>;
}

interface Parts {
  readonly product: Product;
  readonly claims: string;
}

export interface ProductOptions {
  /** @default false */
  readonly webUi?: boolean;
  /** Settings beside those of the tests. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Call it at the top of a file. */
export function useProduct(options: ProductOptions = {}): Product {
  const undos: (() => Promise<unknown>)[] = [];
  let parts: Parts | undefined;
  beforeAll(async () => {
    parts = await open(options, (undo) => undos.push(undo));
  }, 600_000); // Temporal may have to be built
  afterAll(async () => {
    for (const undo of undos.toReversed()) await undo();
  }, 60_000);
  return new Proxy({} as Product, {
    get: (_, name) => {
      if (parts === undefined) throw new Error('the product is there from beforeAll on');
      return Reflect.get(parts.product, name) as unknown;
    },
  });
}

async function open(options: ProductOptions, onEnd: (undo: () => Promise<unknown>) => void): Promise<Parts> {
  const target = await startEffectsTarget();
  onEnd(target.close);
  const stateDir = mkdtempSync(join(tmpdir(), 'durabase-e2e-'));
  onEnd(async () => rmSync(stateDir, { recursive: true, force: true }));
  const settings = Object.entries(process.env).filter(([name]) => !name.startsWith('DURABASE_') && name !== 'NODE_OPTIONS');
  const env = {
    ...Object.fromEntries(settings),
    DURABASE_TEMPORAL_BIN: process.env['DURABASE_TEMPORAL_BIN'],
    DURABASE_OUTGOING_ALLOW: target.host,
    ...options.env,
  };
  const stack = await startStack({
    projectDir: PROJECT,
    stateDir,
    env,
    ports: 'free',
    webUi: options.webUi ?? false,
    log: () => undefined,
  });
  onEnd(stack.destroy);
  const owner = new pg.Pool({ connectionString: stack.urls.postgres, max: 12 });
  owner.on('error', () => undefined); // the tests end the server under it
  onEnd(() => owner.end());
  await owner.query(readFileSync(join(PROJECT, 'supabase/seed.sql'), 'utf8'));
  const supabase = connect(stack);
  const { data, error } = await supabase.auth.signUp({ email: 'ada@example.com', password: 'correct horse battery' });
  if (error !== null || data.session === null) throw new Error(`signing up failed: ${error?.message ?? 'no session'}`);
  const token = data.session.access_token;
  const claims = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
  return { claims, product: { stack, target, supabase, token, owner, ...createCalls({ stack, token, owner, claims }) } };
}

const connect = ({ urls, keys }: Stack) =>
  createClient(urls.supabase, keys.publishable, {
    auth: { persistSession: false, autoRefreshToken: false },
    db: { schema: 'durabase' },
  });

interface CallOptions extends Pick<Product, 'stack' | 'token' | 'owner'> {
  readonly claims: string;
}

const createCalls = ({
  stack,
  token,
  owner,
  claims,
}: CallOptions): Pick<Product, 'callApi' | 'startBySql' | 'listExecutions'> => ({
  callApi: (path, body, headers = {}) =>
    fetch(`${stack.urls.api}/api/v1${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  startBySql: async (task, input, idempotencyKey) => {
    const client = await owner.connect();
    try {
      await client.query('begin');
      await client.query("select set_config('role', 'authenticated', true), set_config('request.jwt.claims', $1, true)", [
        claims,
      ]);
      const { rows } = await client.query<{ id: string }>('select id from durabase.start_run($1, $2, idempotency_key => $3)', [
        task,
        JSON.stringify(input),
        idempotencyKey,
      ]);
      await client.query('commit');
      return rows[0]?.id ?? '';
    } finally {
      client.release();
    }
  },
  listExecutions: async () => {
    const connection = await Connection.connect({ address: stack.temporal.address });
    try {
      const found: (readonly [string, string])[] = [];
      const { workflow } = new Client({ connection, namespace: stack.temporal.namespace });
      for await (const { workflowId, status } of workflow.list()) found.push([workflowId, status.name]);
      return found;
    } finally {
      await connection.close();
    }
  },
});
