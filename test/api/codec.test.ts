import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { CodecPayload } from '@durabase/contracts/api/codec';
import { createCodecPort } from '../../src/platform/temporal/create-codec-port.ts';
import { createPayloadCodec } from '../../src/platform/temporal/payload-codec.ts';
import { createUser, createWorkspace, type Workspace } from '../support/build-rows.ts';
import { inShort, withApi } from './support/test-api.ts';
import { useApi } from './support/use-api.ts';

const UI = 'https://temporal.example.com'; // the local stack lets pages of this machine in everywhere
const keys = [{ id: 'k1', key: randomBytes(32) }];
const used = useApi({ codec: createCodecPort(keys), uiOrigins: [UI] });
let ours: Workspace;
let theirs: Workspace;
let stranger: string;
let admin: string;

beforeAll(async () => {
  const { owner } = used.database;
  [ours, theirs, stranger, admin] = [
    await createWorkspace(owner, 'Ours'),
    await createWorkspace(owner, 'Theirs'),
    await createUser(owner),
    await createUser(owner),
  ];
  await owner.query('insert into durabase.instance_admins (user_id) values ($1)', [admin]);
});

const base64 = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64');
const plain = (value: unknown): CodecPayload => ({
  metadata: { encoding: base64('json/plain') },
  data: base64(JSON.stringify(value)),
});
/** As a worker writes it into a history. */
const encrypt = async (value: unknown, workspaceId?: string): Promise<CodecPayload> => {
  const codec = createPayloadCodec({ keys, workspaceOf: () => Promise.resolve(workspaceId) });
  const payload = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from(JSON.stringify(value)) };
  const [encoded] = await codec.encode([payload], { type: 'workflow', namespace: 'default', workflowId: 'run-x' } as never);
  return {
    metadata: Object.fromEntries(Object.entries(encoded?.metadata ?? {}).map(([name, bytes]) => [name, base64(bytes)])),
    data: base64(encoded?.data ?? new Uint8Array()),
  };
};
interface Payloads {
  readonly payloads: readonly CodecPayload[];
}
const call = (path: string, payloads: readonly CodecPayload[], options: object) =>
  used.api.call<Payloads>('POST', path, { json: { payloads }, ...options });
const decode = async (payloads: readonly CodecPayload[], options: object): Promise<readonly CodecPayload[]> =>
  (await call('/api/v1/codec/decode', payloads, options)).body.payloads;

describe('POST /api/v1/codec/decode', () => {
  it('opens what belongs to a workspace for those who see all of its runs', async () => {
    const secret = await encrypt({ card: 4711 }, ours.id);
    for (const role of ['owner', 'admin', 'editor', 'viewer'] as const)
      expect(await decode([secret], { as: ours.users[role] })).toEqual([plain({ card: 4711 })]);
    expect(await decode([secret], { as: admin })).toEqual([plain({ card: 4711 })]);
    expect(await decode([secret], { asService: true })).toEqual([plain({ card: 4711 })]);
  });

  it('leaves it as it is for a runner, a member of another workspace and a stranger', async () => {
    const secret = await encrypt({ card: 4711 }, ours.id);
    for (const as of [ours.users.runner, theirs.users.owner, stranger]) expect(await decode([secret], { as })).toEqual([secret]);
  });

  it('answers as many as were sent, in their order, each by its own workspace', async () => {
    const payloads = [await encrypt(1, ours.id), plain(2), await encrypt(3, theirs.id), await encrypt(4)];
    expect(await decode(payloads, { as: ours.users.owner })).toEqual([plain(1), payloads[1], payloads[2], payloads[3]]);
    expect(await decode(payloads, { as: admin })).toEqual([plain(1), plain(2), plain(3), plain(4)]);
    expect(await decode([], { as: stranger })).toEqual([]);
  });

  it('ends for somebody who has lost the membership', async () => {
    const secret = await encrypt('x', ours.id);
    await used.database.owner.query('delete from durabase.workspace_members where workspace_id = $1 and user_id = $2', [
      ours.id,
      ours.users.viewer,
    ]);
    expect(await decode([secret], { as: ours.users.viewer })).toEqual([secret]);
  });

  it('is not fooled by a payload that was moved to the workspace of the caller', async () => {
    const secret = await encrypt({ card: 4711 }, ours.id);
    const moved = { ...secret, metadata: { ...secret.metadata, 'durabase-workspace': base64(theirs.id) } };
    const refusal = await used.api.refusal('POST', '/api/v1/codec/decode', {
      as: theirs.users.owner,
      json: { payloads: [plain(1), moved] },
    });
    expect({ code: inShort(refusal), path: refusal.path }).toEqual({ code: '422 INVALID_REQUEST', path: 'payloads/1' });
    expect(JSON.stringify(refusal)).not.toContain('4711');
  });

  it('refuses what was cut off, altered, or encrypted under a key that is not there', async () => {
    const secret = await encrypt({ card: 4711 }, ours.id);
    const data = Buffer.from(secret.data ?? '', 'base64');
    const flipped = Buffer.from(data);
    flipped[20] = (flipped[20] ?? 0) ^ 1;
    for (const changed of [
      { ...secret, data: base64(data.subarray(0, 10)) },
      { ...secret, data: base64(flipped) },
      { ...secret, metadata: { ...secret.metadata, 'durabase-key': base64('k9') } },
      { metadata: secret.metadata ?? {} },
    ])
      expect(
        inShort(await used.api.refusal('POST', '/api/v1/codec/decode', { as: ours.users.owner, json: { payloads: [changed] } })),
      ).toBe('422 INVALID_REQUEST');
  });

  it('refuses callers without a name, too many payloads and what is not base64', async () => {
    const refusals = [
      { json: { payloads: [] } },
      { as: stranger, json: { payloads: Array.from({ length: 1_001 }, () => plain(1)) } },
      { as: stranger, json: { payloads: [{ data: 'not base64!' }] } },
      { as: stranger, json: { payloads: [plain('x'.repeat(900_000))] } },
    ];
    const codes: string[] = [];
    for (const options of refusals) codes.push(inShort(await used.api.refusal('POST', '/api/v1/codec/decode', options)));
    expect(codes).toEqual(['401 UNAUTHENTICATED', '422 INVALID_REQUEST', '422 INVALID_REQUEST', '413 BODY_TOO_LARGE']);
  });

  it('logs who read of which workspace, and no contents', async () => {
    const from = used.api.lines.length;
    await decode([await encrypt('canary-1', ours.id), await encrypt('canary-2', theirs.id)], { as: ours.users.owner });
    const lines = used.api.lines.slice(from);
    expect(lines.find(({ event }) => event === 'codec.decoded')?.fields).toEqual({
      caller: ours.users.owner,
      workspaceIds: ours.id,
      openedCount: 1,
      leftCount: 1,
    });
    expect(JSON.stringify(lines)).not.toMatch(/canary/);
  });

  it('opens nothing where no key is set', async () => {
    const secret = await encrypt(1, ours.id);
    await withApi({ gatewayUrl: used.database.urls.gatewayUrl }, async (api) => {
      const { body } = await api.call<Payloads>('POST', '/api/v1/codec/decode', {
        asService: true,
        json: { payloads: [secret] },
      });
      expect(body.payloads).toEqual([secret]);
    });
  });
});

describe('POST /api/v1/codec/encode', () => {
  it('encrypts in the name of the instance for its admins and services', async () => {
    const { body } = await call('/api/v1/codec/encode', [plain({ task: 'x' })], { as: admin });
    expect(JSON.stringify(body)).not.toContain(plain({ task: 'x' }).data);
    expect(await decode(body.payloads, { asService: true })).toEqual([plain({ task: 'x' })]);
    expect(await decode(body.payloads, { as: ours.users.owner })).toEqual(body.payloads);
  });

  it('is closed to everybody else', async () => {
    const options = { as: ours.users.owner, json: { payloads: [plain(1)] } };
    expect(inShort(await used.api.refusal('POST', '/api/v1/codec/encode', options))).toBe('403 FORBIDDEN');
  });
});

describe("the codec and Temporal's Web UI", () => {
  const preflight = (origin: string, path = '/api/v1/codec/decode') =>
    fetch(`${used.api.url}${path}`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,x-namespace',
      },
    });

  it('answers the preflight of its origin', async () => {
    const { status, headers } = await preflight(UI);
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(UI);
    expect(headers.get('access-control-allow-methods')).toBe('POST');
    expect(headers.get('access-control-allow-headers')).toBe('authorization, authorization-extras, content-type, x-namespace');
    expect(headers.get('vary')).toContain('Origin');
    expect(headers.get('access-control-allow-credentials')).toBeNull();
  });

  it('knows no other origin and no other path', async () => {
    for (const [origin, path] of [
      ['https://temporal.example.com:8234'],
      ['null'],
      [`${UI}.evil.example`],
      [UI, '/api/v1/runs'],
      [UI, '/API/v1/codec/decode'],
    ] as const) {
      const { status, headers } = await preflight(origin, path);
      expect(status).toBeGreaterThanOrEqual(400);
      expect(headers.get('access-control-allow-origin')).toBeNull();
    }
  });

  it('takes what its page sends, and lets the page read refusals too', async () => {
    const secret = await encrypt(7, ours.id);
    const path = '/api/v1/codec/decode?preserveStorageRefs=true';
    const headers = { origin: UI, 'x-namespace': 'default' };
    const good = await used.api.call<Payloads>('POST', path, { as: ours.users.owner, headers, json: { payloads: [secret] } });
    expect(good.body.payloads).toEqual([plain(7)]);
    expect(good.headers.get('access-control-allow-origin')).toBe(UI);
    const refused = await used.api.refusal('POST', path, { headers, json: { payloads: [secret] } });
    expect(inShort(refused)).toBe('401 UNAUTHENTICATED');
    expect(refused.headers.get('access-control-allow-origin')).toBe(UI);
  });
});
