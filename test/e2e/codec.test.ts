import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { findTemporal } from '@durabase/local-stack';
import { createClient } from '@supabase/supabase-js';
import { eventually } from '../support/eventually.ts';
import { useProduct } from './use-product.ts';

const KEYS = JSON.stringify([{ id: 'k1', key: randomBytes(32).toString('base64') }]);
const CIPHER = Buffer.from('binary/durabase-aes-256-gcm').toString('base64');
const product = useProduct({ webUi: true, env: { DURABASE_CODEC_KEYS: KEYS } });
let runId: string;
let strangersToken: string;

beforeAll(async () => {
  const saved = await product.callApi('/tasks', {
    slug: 'short',
    steps: [{ id: 'nap', action: 'sleep', with: { duration: '1 second' } }],
  });
  expect(saved.status).toBe(201);
  runId = ((await (await product.callApi('/tasks/short/runs', { input: {} })).json()) as { id: string }).id;
  await eventually(async () => {
    expect(await (await product.callApi(`/runs/${runId}`)).json()).toMatchObject({ state: 'completed' });
  });
  const { urls, keys } = product.stack;
  const supabase = createClient(urls.supabase, keys.publishable, { auth: { persistSession: false, autoRefreshToken: false } });
  const { data } = await supabase.auth.signUp({ email: 'eve@example.com', password: 'correct horse battery' });
  strangersToken = data.session?.access_token ?? '';
}, 120_000);

const endpoint = (): string => `${product.stack.urls.api}/api/v1/codec`;

/** The history as Temporal's own CLI shows it. */
async function show(...extra: readonly string[]): Promise<string> {
  const { path } = await findTemporal({ env: process.env, onProgress: () => undefined });
  const { address, namespace } = product.stack.temporal;
  const server = ['--address', address, '--namespace', namespace, '--disable-config-file', '--disable-config-env'];
  const args = ['workflow', 'show', '--workflow-id', `run-${runId}`, '--output', 'json', ...server, ...extra];
  return (await promisify(execFile)(path, args, { maxBuffer: 64 * 1_024 * 1_024 })).stdout;
}
const asCaller = (token: string): readonly string[] => ['--codec-endpoint', endpoint(), '--codec-auth', `Bearer ${token}`];
interface History {
  readonly events: readonly { readonly workflowExecutionStartedEventAttributes?: { readonly input: unknown } }[];
}
const inputOf = (text: string): string =>
  JSON.stringify((JSON.parse(text) as History).events[0]?.workflowExecutionStartedEventAttributes?.input);

describe("Temporal's CLI", () => {
  it('shows ciphertext to those who know no codec', async () => {
    expect(inputOf(await show())).toContain(CIPHER);
  });

  it('shows the history to a member of the workspace', async () => {
    const text = await show(...asCaller(product.token));
    expect(inputOf(text)).toContain(Buffer.from(JSON.stringify({ runId })).toString('base64'));
    expect(text).not.toContain(CIPHER);
  });

  it('shows ciphertext to a stranger', async () => {
    const text = await show(...asCaller(strangersToken));
    expect(inputOf(text)).toContain(CIPHER);
    expect(text).not.toContain(Buffer.from(JSON.stringify({ runId })).toString('base64'));
  });
});

describe("Temporal's Web UI", () => {
  it('knows the codec, and its requests are answered', async () => {
    const ui = product.stack.urls.temporalUi ?? '';
    const settings = (await (await fetch(`${ui}/api/v1/settings`)).json()) as { readonly Codec: { readonly Endpoint: string } };
    expect(settings.Codec.Endpoint).toBe(endpoint());

    const history = (await (
      await fetch(`${ui}/api/v1/namespaces/${product.stack.temporal.namespace}/workflows/run-${runId}/history`)
    ).json()) as {
      readonly history: { readonly events: readonly Record<string, { readonly input?: { readonly payloads: unknown[] } }>[] };
    };
    const input = history.history.events[0]?.['workflowExecutionStartedEventAttributes']?.input;
    expect(JSON.stringify(input)).toContain(CIPHER);

    const url = `${settings.Codec.Endpoint}/decode?preserveStorageRefs=true`;
    const preflight = await fetch(url, {
      method: 'OPTIONS',
      headers: {
        origin: ui,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,x-namespace',
      },
    });
    expect([preflight.status, preflight.headers.get('access-control-allow-origin')]).toEqual([204, ui]);
    const decoded = await fetch(url, {
      method: 'POST',
      headers: {
        origin: ui,
        'content-type': 'application/json',
        'x-namespace': product.stack.temporal.namespace,
        authorization: `Bearer ${product.token}`,
      },
      body: JSON.stringify(input),
    });
    const { payloads } = (await decoded.json()) as { readonly payloads: readonly { readonly data: string }[] };
    expect(JSON.parse(Buffer.from(payloads[0]?.data ?? '', 'base64').toString())).toEqual({ runId });
    expect(decoded.headers.get('access-control-allow-origin')).toBe(ui);
  });
});
