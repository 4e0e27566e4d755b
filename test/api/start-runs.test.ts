import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Problem } from '@durabase/contracts';
import type { Run } from '@durabase/contracts/api/run';
import {
  createReadyTask,
  createUser,
  createWorkspace,
  type ReadyTask,
  shareTask,
  type Workspace,
} from '../support/build-rows.ts';
import { eventually } from '../support/eventually.ts';
import { inShort, withApi } from './support/test-api.ts';
import { useApi } from './support/use-api.ts';

const used = useApi();
let workspace: Workspace;
let task: ReadyTask;
let stranger: string;

beforeAll(async () => {
  workspace = await createWorkspace(used.database.owner);
  task = await createReadyTask(used.database.owner, workspace.id);
  stranger = await createUser(used.database.owner);
});

const START = '/api/v1/tasks/greet/runs';
const start = async (as: string, json: object = {}, headers: Readonly<Record<string, string>> = {}) =>
  used.api.call<Run>('POST', START, { as, json, headers });
const startRefused = async (as: string, json: object = {}, headers: Readonly<Record<string, string>> = {}) =>
  inShort(await used.api.refusal('POST', START, { as, json, headers }));
const as = (role: keyof Workspace['users']): string => workspace.users[role];

describe('starting', () => {
  it('accepts a run and says where it is', async () => {
    const { status, headers, body } = await start(as('runner'), { input: { day: 'today' }, priority: 2 });
    expect(status).toBe(201);
    expect(headers.get('location')).toBe(`/api/v1/runs/${body.id}`);
    expect(body).toMatchObject({
      state: 'queued',
      taskId: task.id,
      versionId: task.versionId,
      input: { day: 'today' },
      priority: 2,
      workflowId: `run-${body.id}`,
      actor: { kind: 'user', userId: as('runner') },
      lastEventSeq: 1,
      version: 1,
    });
    expect(body.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const found = await used.api.call<Run>('GET', headers.get('location') ?? '', { as: as('viewer') });
    expect(found.body).toEqual(body);
  });

  it('starts by POST /runs as well, by slug or by id', async () => {
    for (const reference of ['greet', task.id]) {
      const { status, body } = await used.api.call<Run>('POST', '/api/v1/runs', {
        as: as('editor'),
        json: { task: reference, workspace: workspace.id },
      });
      expect([status, body.taskId, body.input]).toEqual([201, task.id, {}]);
    }
  });

  it('starts without a body', async () => {
    expect((await used.api.call('POST', START, { as: as('editor') })).status).toBe(201);
  });

  it('keeps a run for later', async () => {
    const runAt = new Date(Date.now() + 3_600_000).toISOString();
    expect((await start(as('editor'), { runAt })).body).toMatchObject({ state: 'scheduled', runAt });
  });

  it('refuses whom and what it must', async () => {
    expect(await startRefused(as('viewer'))).toBe('403 FORBIDDEN');
    expect(await startRefused(stranger)).toBe('404 TASK_NOT_FOUND');
    expect(inShort(await used.api.refusal('POST', '/api/v1/tasks/unknown/runs', { as: as('editor'), json: {} }))).toBe(
      '404 TASK_NOT_FOUND',
    );
    expect(inShort(await used.api.refusal('POST', '/api/v1/runs', { as: as('editor'), json: { task: 'unknown' } }))).toBe(
      '404 TASK_NOT_FOUND',
    );
    expect(inShort(await used.api.refusal('POST', '/api/v1/runs', { as: as('editor'), json: {} }))).toBe('422 INVALID_REQUEST');
    expect(await startRefused(as('editor'), { runAt: '2099-01-01T00:00:00Z' })).toBe('422 INVALID_REQUEST');
  });

  it('lets somebody start a task that is shared with him', async () => {
    const guest = await createUser(used.database.owner);
    const shared = await createReadyTask(used.database.owner, workspace.id, { slug: 'shared' });
    await shareTask(used.database.owner, { taskId: shared.id, userId: guest, canRun: true });
    expect((await used.api.call('POST', '/api/v1/tasks/shared/runs', { as: guest, json: {} })).status).toBe(201);
    expect(await startRefused(guest)).toBe('404 TASK_NOT_FOUND');
  });

  it.each([
    ['a NUL character', '{"input":{"names":["a","b\\u0000"]}}', 'input.names[1]'],
    ['a lone surrogate', '{"input":{"name":"\\ud800x"}}', 'input.name'],
    ['a NUL character in a key', '{"input":{"a\\u0000":1}}', 'input'],
  ])('refuses %s in the input, with the path', async (_name, raw, path) => {
    const refusal = await used.api.refusal('POST', START, {
      as: as('editor'),
      raw,
      headers: { 'content-type': 'application/json' },
    });
    expect([inShort(refusal), refusal.path]).toEqual(['422 INVALID_STRING', path]);
  });

  it('keeps every other character of an input as it is', async () => {
    const input = { text: '\u{1F600} \uE0FF0041 \\u0000 "quoted" \u2028', '\u00e4': [null, true, 1e-7, -0.5] };
    const { body } = await start(as('editor'), { input });
    expect((await used.api.call<Run>('GET', `/api/v1/runs/${body.id}`, { as: as('editor') })).body.input).toEqual(input);
  });
});

describe('dispatchers', () => {
  it('are woken by a start and by a cancellation', async () => {
    const listener = await used.database.owner.connect();
    let wordCount = 0;
    listener.on('notification', ({ channel }) => void (wordCount += channel === 'durabase_work' ? 1 : 0));
    try {
      await listener.query('listen durabase_work');
      const { body } = await start(as('editor'));
      await eventually(() => expect(wordCount).toBe(1));
      await used.api.call('POST', `/api/v1/runs/${body.id}/cancel`, { as: as('editor') });
      await eventually(() => expect(wordCount).toBe(2));
    } finally {
      listener.release(true);
    }
  });
});

describe('idempotency keys', () => {
  it('give the same run again, and say so', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const first = await start(as('editor'), { input: { n: 1 } }, key);
    const again = await start(as('editor'), { input: { n: 1 } }, key);
    expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([201, null]);
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([200, 'true']);
    expect(again.body.id).toBe(first.body.id);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
  });

  it('refuse another body', async () => {
    const key = { 'idempotency-key': randomUUID() };
    await start(as('editor'), { input: { n: 1 } }, key);
    const refusal = await used.api.refusal('POST', START, { as: as('editor'), json: { input: { n: 2 } }, headers: key });
    expect([inShort(refusal), refusal.path]).toEqual(['409 IDEMPOTENCY_CONFLICT', 'Idempotency-Key']);
  });

  it('make one run of fifty starts at once, under one key each', async () => {
    const keys = Array.from({ length: 5 }, () => randomUUID());
    const ids = await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        const order = Math.floor(n / 5) % 2 === 0 ? n % 5 : 4 - (n % 5); // both orders, so that batches meet
        return (await start(as('editor'), { input: {} }, { 'idempotency-key': keys[order] ?? '' })).body.id;
      }),
    );
    expect(new Set(ids).size).toBe(5);
  });
});

describe('input schemas', () => {
  it('are asked before a start when there is a check, and only with the rights of the caller', async () => {
    const schema = { type: 'object', required: ['to'] };
    await createReadyTask(used.database.owner, workspace.id, { slug: 'strict', plan: { inputSchema: schema } });
    const checkInput = async (asked: object, input: unknown): Promise<readonly Problem[]> => {
      expect(asked).toEqual(schema);
      const hasTo = typeof input === 'object' && input !== null && 'to' in input;
      return hasTo ? [] : [{ code: 'INVALID_INPUT', path: 'input.to', message: 'is missing' }];
    };
    await withApi({ gatewayUrl: used.database.urls.gatewayUrl, checkInput }, async (checked) => {
      const call = (json: object, user: string) => checked.call<Run>('POST', '/api/v1/tasks/strict/runs', { as: user, json });
      expect((await call({ input: { to: 'me' } }, as('editor'))).status).toBe(201);
      const refusal = await checked.refusal('POST', '/api/v1/tasks/strict/runs', { as: as('editor'), json: {} });
      expect(inShort(refusal)).toBe('422 INVALID_INPUT');
      expect(refusal.problems).toEqual([{ code: 'INVALID_INPUT', path: 'input.to', message: 'is missing' }]);
      expect(inShort(await checked.refusal('POST', '/api/v1/tasks/strict/runs', { as: stranger, json: {} }))).toBe(
        '404 TASK_NOT_FOUND',
      );
      expect((await checked.call('POST', START, { as: as('editor'), json: {} })).status).toBe(201);
    });
  });
});
