import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Run } from '@durabase/contracts/api/run';
import type { BulkResult } from '@durabase/contracts/api/run-operations';
import { tellStory } from '../db/support/tell-story.ts';
import { createReadyTask, createUser, createWorkspace, type ReadyTask, type Workspace } from '../support/build-rows.ts';
import { callRow } from '../support/call.ts';
import { inShort, withApi } from './support/test-api.ts';
import { useApi } from './support/use-api.ts';

const statements: string[] = [];
const used = useApi({ onStatement: (name) => void statements.push(name) });
const story = tellStory(used.database);
let acme: Workspace;
let task: ReadyTask;
let stranger: string;

const step = (id: string, needs: readonly string[] = []) => ({ id, action: 'log', needs });

beforeAll(async () => {
  acme = await createWorkspace(used.database.owner);
  task = await createReadyTask(used.database.owner, acme.id, { plan: { steps: [step('a'), step('b', ['a'])] } });
  stranger = await createUser(used.database.owner);
});

const as = (role: keyof Workspace['users']): string => acme.users[role];
const post = <Body = Run>(path: string, user: string, json?: unknown, headers: Readonly<Record<string, string>> = {}) =>
  used.api.call<Body>('POST', path, { as: user, json, headers });
const refused = async (path: string, user: string, json?: unknown): Promise<string> =>
  inShort(await used.api.refusal('POST', path, { as: user, json }));
const start = async (user = as('editor'), of = task): Promise<string> =>
  (await post(`/api/v1/tasks/${of.id}/runs`, user, {})).body.id;
const open = async (user?: string): Promise<string> => {
  const id = await start(user);
  await used.database.owner.query('update durabase_private.run_queue set admitted_at = now() where run_id = $1', [id]);
  await story.open(id);
  return id;
};
/** `a` is done, `b` is what it failed at. */
const failed = async (user?: string): Promise<string> => {
  const id = await open(user);
  await story.take(id, 'a', { output: { n: 1 } });
  await story.begin(id, 'b');
  await story.end(id, 'b', { attempt: 1, state: 'failed', error: { code: 'STEP_FAILED', message: 'no' } });
  await story.finish(id, { state: 'failed' });
  return id;
};

describe.each([
  ['pause', start, {}],
  ['resume', start, {}],
  ['retry', failed, {}],
  ['rerun', failed, {}],
  ['fork', failed, { fromStep: 'b' }],
])('POST /runs/{run}/%s', (operation, prepare, body) => {
  const pathOf = (id: string): string => `/api/v1/runs/${id}/${operation}`;
  const isHandling = operation === 'pause' || operation === 'resume';

  it('is for those who may, and says nothing to those who do not see the run', async () => {
    const id = await prepare(as('editor'));
    for (const user of [stranger, as('runner')]) expect(await refused(pathOf(id), user, body)).toBe('404 RUN_NOT_FOUND');
    expect(await refused(pathOf(id), as('viewer'), body)).toBe('403 FORBIDDEN');
    expect(await refused(pathOf(randomUUID()), as('owner'), body)).toBe('404 RUN_NOT_FOUND');
    const other = await prepare(as('runner'));
    if (isHandling) expect(await refused(pathOf(other), as('editor'), body)).toBe('403 FORBIDDEN');
    else expect((await post(pathOf(other), as('editor'), body)).status).toBe(201);
    expect((await post(pathOf(other), as('runner'), body)).status).toBe(isHandling ? 200 : 201);
  });

  it('is one route with one method, which takes no more than it knows', async () => {
    const id = await prepare(as('editor'));
    const get = await used.api.refusal('GET', pathOf(id), { as: as('editor') });
    expect([inShort(get), get.headers.get('allow')]).toEqual(['405 METHOD_NOT_ALLOWED', 'POST']);
    expect(await refused(pathOf(id), as('editor'), { ...body, more: 1 })).toBe('422 INVALID_REQUEST');
    expect(await refused(pathOf('nothing'), as('editor'), body)).toBe('422 INVALID_REQUEST');
  });

  it('tells the dispatchers', async () => {
    const id = await prepare(as('editor'));
    statements.length = 0;
    await post(pathOf(id), as('editor'), body);
    expect(statements).toContain('api_wake');
  });
});

describe('pausing', () => {
  it('holds a run with a reason until it is resumed, and shows both', async () => {
    const id = await start();
    const paused = await post(`/api/v1/runs/${id}/pause`, as('editor'), { reason: 'lunch' });
    expect(paused.body).toMatchObject({
      state: 'paused',
      pauseReason: 'lunch',
      reason: { code: 'PAUSED', message: 'paused: lunch' },
    });
    expect(paused.body.pauseRequestedAt).toMatch(/Z$/);
    const resumed = await post(`/api/v1/runs/${id}/resume`, as('editor'));
    expect(resumed.body).toMatchObject({ state: 'queued', pauseRequestedAt: null, pauseReason: null, reason: null });
    expect(await refused(`/api/v1/runs/${id}/pause`, as('editor'), { reason: 'x'.repeat(1_001) })).toBe('422 INVALID_REQUEST');
  });

  it('is refused for a run that has ended', async () => {
    const id = await failed();
    expect(await refused(`/api/v1/runs/${id}/pause`, as('admin'))).toBe('409 RUN_FINISHED');
    expect(await refused(`/api/v1/runs/${id}/resume`, as('admin'))).toBe('409 RUN_FINISHED');
  });
});

describe('making runs of runs', () => {
  const stepsOf = async (id: string): Promise<readonly string[]> => await story.stepsOf(id);

  it('retries what failed, and keeps what was done', async () => {
    const id = await failed();
    const made = await post(`/api/v1/runs/${id}/retry`, as('editor'));
    expect([made.status, made.headers.get('location')]).toEqual([201, `/api/v1/runs/${made.body.id}`]);
    expect(made.body).toMatchObject({ state: 'queued', taskId: task.id });
    expect(await stepsOf(made.body.id)).toEqual(['a/0 completed@0']);
    expect(await refused(`/api/v1/runs/${made.body.id}/retry`, as('editor'))).toBe('409 RUN_NOT_FINISHED');
  });

  it('runs all again, with other input if need be', async () => {
    const id = await failed();
    const again = await post(`/api/v1/runs/${id}/rerun`, as('editor'), { input: { other: true }, version: 'same' });
    expect(again.body).toMatchObject({ input: { other: true }, versionId: task.versionId });
    expect(await stepsOf(again.body.id)).toEqual([]);
    expect(await refused(`/api/v1/runs/${id}/rerun`, as('editor'), { version: 'oldest' })).toBe('422 INVALID_REQUEST');
  });

  it('forks from a step', async () => {
    const id = await failed();
    const fork = await post(`/api/v1/runs/${id}/fork`, as('editor'), { fromStep: 'b' });
    expect(await stepsOf(fork.body.id)).toEqual(['a/0 completed@0']);
    const unknown = await used.api.refusal('POST', `/api/v1/runs/${id}/fork`, { as: as('editor'), json: { fromStep: 'z' } });
    expect([inShort(unknown), unknown.path]).toEqual(['404 STEP_NOT_FOUND', 'fromStep']);
    expect(await refused(`/api/v1/runs/${id}/fork`, as('editor'), {})).toBe('422 INVALID_REQUEST');
  });

  it.each([
    ['retry', {}, { other: 1 }],
    ['rerun', { input: { n: 1 } }, { input: { n: 2 } }],
    ['fork', { fromStep: 'b' }, { fromStep: 'a' }],
  ] as const)('%s makes one run for one key', async (operation, body, otherBody) => {
    const id = await failed();
    const headers = { 'Idempotency-Key': randomUUID() };
    const path = `/api/v1/runs/${id}/${operation}`;
    const [first, second] = [await post(path, as('editor'), body, headers), await post(path, as('editor'), body, headers)];
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.body.id).toBe(first.body.id);
    expect([first, second].map((answer) => answer.headers.get('idempotency-replayed'))).toEqual([null, 'true']);
    expect(first.body.idempotencyKey).toBe(headers['Idempotency-Key']);
    const other = operation === 'retry' ? await failed() : id;
    const conflict = await used.api.refusal('POST', `/api/v1/runs/${other}/${operation}`, {
      as: as('editor'),
      json: operation === 'retry' ? {} : otherBody,
      headers,
    });
    expect([inShort(conflict), conflict.path]).toEqual(['409 IDEMPOTENCY_CONFLICT', 'Idempotency-Key']);
    const admin = await used.api.call<Run>('POST', path, { as: as('admin'), json: body, headers });
    expect(admin.body.id).toBe(first.body.id); // who may edit sees all runs of the task
  });

  it('does not hand the run of a key to somebody who does not see it', async () => {
    const headers = { 'Idempotency-Key': randomUUID() };
    const theirs = await failed(as('runner'));
    expect((await post(`/api/v1/runs/${theirs}/retry`, as('editor'), {}, headers)).status).toBe(201);
    const answer = await used.api.refusal('POST', `/api/v1/runs/${theirs}/retry`, { as: as('runner'), headers });
    expect(inShort(answer)).toBe('409 IDEMPOTENCY_CONFLICT');
  });
});

describe('a new run with input', () => {
  it('is refused where the schema of the newest version does not take it', async () => {
    const checkInput = async (_: unknown, input: unknown) =>
      input !== null && typeof input === 'object' && 'to' in input
        ? []
        : [{ code: 'INVALID_INPUT' as const, path: 'input.to', message: 'is missing' }];
    const strict = await createReadyTask(used.database.owner, acme.id, {
      slug: 'strict',
      plan: { inputSchema: { type: 'object' } },
    });
    const { id } = await callRow<{ id: string }>(used.database.owner, 'durabase.start_run', { task: strict.id });
    await used.database.owner.query(
      "with q as (delete from durabase_private.run_queue where run_id = $1) select durabase_private.end_unopened_run(r, 'failed', '{}') from durabase.task_runs r where id = $1",
      [id],
    );
    await withApi({ gatewayUrl: used.database.urls.gatewayUrl, checkInput }, async (api) => {
      const call = (json: object) => api.call<{ code?: string }>('POST', `/api/v1/runs/${id}/rerun`, { as: as('editor'), json });
      expect((await call({ input: {} })).body.code).toBe('INVALID_INPUT');
      expect((await call({ input: { to: 1 } })).status).toBe(201);
    });
  });
});

describe('POST /api/v1/runs/bulk', () => {
  const bulk = (user: string, json: object) => post<BulkResult>('/api/v1/runs/bulk', user, json);

  it('counts first, then does each run for itself, and says what remains', async () => {
    const many = await createReadyTask(used.database.owner, acme.id, { slug: 'many' });
    const ids = [await start(as('editor'), many), await start(as('runner'), many), await start(as('editor'), many)];
    const filter = { task: many.id };
    expect((await bulk(as('admin'), { operation: 'cancel', filter, maxRuns: 0 })).body).toEqual({
      done: [],
      refused: [],
      matchCount: 3,
      isMatchCountExact: true,
      remainingCount: 3,
      hasMore: true,
      lastRunId: null,
    });
    const first = (await bulk(as('editor'), { operation: 'pause', filter, options: { reason: 'r' }, maxRuns: 2 })).body;
    expect(first).toMatchObject({
      done: [{ runId: ids[0] }],
      matchCount: 3,
      remainingCount: 1,
      hasMore: true,
      lastRunId: ids[1],
    });
    expect(first.refused).toMatchObject([{ runId: ids[1], code: 'FORBIDDEN' }]);
    const rest = await bulk(as('editor'), { operation: 'pause', filter: { ...filter, afterRunId: first.lastRunId }, maxRuns: 2 });
    expect(rest.body).toMatchObject({ done: [{ runId: ids[2] }], remainingCount: 0, hasMore: false });
  });

  it('names the runs that it made', async () => {
    const id = await failed();
    const { body } = await bulk(as('editor'), { operation: 'fork', filter: { runIds: [id] }, options: { fromStep: 'b' } });
    expect(body.done).toEqual([{ runId: id, newRunId: expect.any(String) }]);
  });

  it('does nothing to what the caller does not see', async () => {
    const id = await start();
    expect((await bulk(stranger, { operation: 'cancel', filter: { runIds: [id] } })).body).toMatchObject({
      done: [],
      matchCount: 0,
    });
    const viewer = await bulk(as('viewer'), { operation: 'cancel', filter: { runIds: [id] } });
    expect(viewer.body.refused.map(({ code }) => code)).toEqual(['FORBIDDEN']);
  });

  it.each([
    ['another operation', { operation: 'delete', filter: { states: ['failed'] } }],
    ['no filter', { operation: 'cancel' }],
    ['an empty filter', { operation: 'cancel', filter: {} }],
    ['a filter that only says where to go on', { operation: 'cancel', filter: { afterRunId: randomUUID() } }],
    ['a field that is not known', { operation: 'cancel', filter: { state: 'failed' } }],
    ['a state that is not known', { operation: 'cancel', filter: { states: ['done'] } }],
    ['a time that is none', { operation: 'cancel', filter: { createdAfter: 'soon' } }],
    ['an option that is not known', { operation: 'fork', filter: { states: ['failed'] }, options: { from_step: 'a' } }],
    ['too many at once', { operation: 'cancel', filter: { states: ['failed'] }, maxRuns: 1_001 }],
  ])('refuses %s', async (_, json) => {
    expect(await refused('/api/v1/runs/bulk', as('admin'), json)).toBe('422 INVALID_REQUEST');
  });

  it('is no run', async () => {
    expect(inShort(await used.api.refusal('GET', '/api/v1/runs/bulk', { as: as('admin') }))).toBe('405 METHOD_NOT_ALLOWED');
  });
});
