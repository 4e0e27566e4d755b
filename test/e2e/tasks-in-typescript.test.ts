import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createDurabase, type Durabase } from '@durabase/client';
import { startStack, type Stack } from '@durabase/local-stack';
import { createClient } from '@supabase/supabase-js';
import pg from 'pg';
import { importOrders } from '../../examples/tasks/import-orders.ts';

const PROJECT = join(import.meta.dirname, '../..');
const FILE = 'examples/tasks/import-orders.ts';
const undos: (() => unknown)[] = [];
const stored: string[] = [];

let stack: Stack;
let durabase: Durabase;
let token: string;
let shop: string;

/** A shop with two orders, which remembers what was stored. */
const startShop = async (): Promise<string> => {
  const server = createServer((request, response) => {
    request.resume();
    if (request.method === 'POST') stored.push(request.url ?? '');
    const orders = [
      { id: 'a', total: 3 },
      { id: 'b', total: 4 },
    ];
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ orders }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  undos.push(
    () => server.closeAllConnections(),
    () => server.close(),
  );
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

const signUp = async (): Promise<void> => {
  const owner = new pg.Client({ connectionString: stack.urls.postgres });
  await owner.connect();
  await owner.query(readFileSync(join(PROJECT, 'supabase/seed.sql'), 'utf8'));
  await owner.end();
  const supabase = createClient(stack.urls.supabase, stack.keys.publishable, { auth: { persistSession: false } });
  const { data, error } = await supabase.auth.signUp({ email: 'ada@example.com', password: 'correct horse battery' });
  if (error !== null || data.session === null) throw new Error(`signing up failed: ${error?.message ?? 'no session'}`);
  token = data.session.access_token;
  durabase = createDurabase({ supabase });
  undos.push(() => durabase.close());
};

beforeAll(async () => {
  shop = await startShop();
  const stateDir = mkdtempSync(join(tmpdir(), 'durabase-tasks-'));
  undos.push(() => rmSync(stateDir, { recursive: true, force: true }));
  const settings = Object.entries(process.env).filter(([name]) => !name.startsWith('DURABASE_') && name !== 'NODE_OPTIONS');
  const env = {
    ...Object.fromEntries(settings),
    DURABASE_TEMPORAL_BIN: process.env['DURABASE_TEMPORAL_BIN'],
    DURABASE_OUTGOING_ALLOW: new URL(shop).host,
  };
  stack = await startStack({ projectDir: PROJECT, stateDir, env, ports: 'free', webUi: false, log: () => undefined });
  undos.push(() => stack.destroy());
  await signUp();
}, 600_000); // Temporal may have to be built

afterAll(async () => {
  for (const undo of undos.toReversed()) await undo();
}, 60_000);

const cli = async (args: readonly string[], env: Readonly<Record<string, string>> = { DURABASE_TOKEN: token }) => {
  const child = spawn(process.execPath, [join(PROJECT, 'packages/cli/src/durabase.ts'), 'tasks', ...args], {
    cwd: PROJECT,
    env: { PATH: process.env['PATH'], DURABASE_STATE_DIR: stack.stateDir, ...env },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  return { code, output };
};

describe('docs/tasks-in-typescript.md', () => {
  it('shows the example as it is', () => {
    const page = readFileSync(join(PROJECT, 'docs/tasks-in-typescript.md'), 'utf8');
    expect(page).toContain(`\`\`\`ts\n${readFileSync(join(PROJECT, FILE), 'utf8')}\`\`\``);
  });

  it('shows a task that is applied to a real stack, once', async () => {
    const first = await cli(['apply', FILE]);
    expect(first).toEqual({ code: 0, output: `  + import-orders: new, from ${FILE}\n  ✓ import-orders: version 1 is ready\n` });
    expect(await cli(['apply', FILE])).toEqual({ code: 0, output: '  = import-orders: no change (version 1)\nno change\n' });
    expect((await cli(['list'], {})).output).toMatch(/import-orders +Import orders +1 +1 ready/); // with the stack's own key
  });

  it('shows a task that does what it says, with the types of its input and output', async () => {
    const run = await durabase.start(importOrders, { input: { shop, day: '2026-11-20' } });
    const { stored: count, status } = await run.result();
    const sum: number = count + status;
    expect(sum).toBe(202);
    expect(stored.toSorted()).toEqual(['/stored/a', '/stored/b']);
  }, 60_000);

  it('shows how a run is refused whose input the schema does not let pass', async () => {
    const response = await fetch(`${stack.urls.api}/api/v1/tasks/import-orders/runs`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ input: { shop, day: 'yesterday' } }),
    });
    expect(await response.json()).toMatchObject({ status: 422, code: 'INVALID_INPUT', path: 'input.day' });
  });
});
