import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Run, RunEvent, RunStep } from '@durabase/contracts/api/run';
import { createReadyTask, createUser, createWorkspace, executionOf, openRun, type Workspace } from '../support/build-rows.ts';
import { callValue } from '../support/call.ts';
import { inShort } from './support/test-api.ts';
import { useApi } from './support/use-api.ts';

const used = useApi();
let workspace: Workspace;
let stranger: string;

beforeAll(async () => {
  workspace = await createWorkspace(used.database.owner);
  await createReadyTask(used.database.owner, workspace.id);
  stranger = await createUser(used.database.owner);
});

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}
const START = '/api/v1/tasks/greet/runs';
const start = async (as: string, json: object = {}, headers: Readonly<Record<string, string>> = {}) =>
  used.api.call<Run>('POST', START, { as, json, headers });
const as = (role: keyof Workspace['users']): string => workspace.users[role];

describe('GET /api/v1/runs', () => {
  const list = async (query: string, user = as('editor')) =>
    (await used.api.call<Page<Run>>('GET', `/api/v1/runs?${query}`, { as: user })).body;

  it('walks all pages of a task, newest first', async () => {
    const paged = await createReadyTask(used.database.owner, workspace.id, { slug: 'paged' });
    const started = await Promise.all(
      Array.from({ length: 7 }, () => used.api.call<Run>('POST', '/api/v1/tasks/paged/runs', { as: as('editor'), json: {} })),
    );
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: Page<Run> = await list(
        `task=${paged.slug}&workspace=${workspace.id}&limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      seen.push(...page.items.map((run) => run.id));
      cursor = page.nextCursor;
    }
    expect(seen).toHaveLength(7);
    expect(new Set(seen)).toEqual(new Set(started.map(({ body }) => body.id)));
  });

  it('filters by states', async () => {
    const later = await start(as('editor'), { runAt: new Date(Date.now() + 7_200_000).toISOString() });
    const { items } = await list('states=scheduled,failed');
    expect(items.map((run) => run.id)).toContain(later.body.id);
    expect(items.every((run) => run.state === 'scheduled')).toBe(true);
  });

  it('shows a runner his own runs, strangers none, and the service all', async () => {
    const own = (await start(as('runner'))).body.id;
    const other = (await start(as('editor'))).body.id;
    const idsOf = ({ items }: Page<Run>) => items.map((run) => run.id);
    expect(idsOf(await list('limit=200', as('runner')))).toContain(own);
    expect(idsOf(await list('limit=200', as('runner')))).not.toContain(other);
    expect((await list('', stranger)).items).toEqual([]);
    const all = await used.api.call<Page<Run>>('GET', '/api/v1/runs?limit=200', { asService: true });
    expect(idsOf(all.body)).toEqual(expect.arrayContaining([own, other]));
    expect(inShort(await used.api.refusal('GET', '/api/v1/runs?task=greet', { as: stranger }))).toBe('404 TASK_NOT_FOUND');
  });
});

describe('one run', () => {
  it.each(['', '/steps', '/events'])('GET /runs/{run}%s knows nothing of runs that the caller does not see', async (rest) => {
    const { body } = await start(as('editor'));
    for (const user of [stranger, as('runner')]) {
      expect(inShort(await used.api.refusal('GET', `/api/v1/runs/${body.id}${rest}`, { as: user }))).toBe('404 RUN_NOT_FOUND');
    }
    expect(inShort(await used.api.refusal('GET', `/api/v1/runs/${randomUUID()}${rest}`, { asService: true }))).toBe(
      '404 RUN_NOT_FOUND',
    );
    expect((await used.api.call('GET', `/api/v1/runs/${body.id}${rest}`, { as: as('viewer') })).status).toBe(200);
  });

  it('pages through steps in the order in which they started', async () => {
    const { body } = await start(as('editor'));
    await openRun(
      used.database.owner,
      body.id,
      ['a', 'b', 'c'].map((stepId) => ({ stepId, name: stepId, action: 'log', input: { text: 'x\uE0FF0000' } })),
    );
    const read = async (query: string) =>
      (await used.api.call<Page<RunStep>>('GET', `/api/v1/runs/${body.id}/steps?${query}`, { as: as('editor') })).body;
    const first = await read('limit=2');
    const rest = await read(`limit=2&cursor=${first.nextCursor}`);
    expect([...first.items, ...rest.items].map((step) => step.stepId)).toEqual(['a', 'b', 'c']);
    expect(rest.nextCursor).toBeNull();
    expect(first.items[0]).toMatchObject({ state: 'running', iteration: 0, attempt: 1, input: { text: 'x\u0000' } });
  });

  it('gives events after a number, without a gap', async () => {
    const { body } = await start(as('editor'));
    await openRun(used.database.owner, body.id);
    const read = async (query: string) =>
      (
        await used.api.call<{ items: readonly RunEvent[]; lastSeq: number }>('GET', `/api/v1/runs/${body.id}/events?${query}`, {
          as: as('editor'),
        })
      ).body;
    const all = await read('');
    expect(all.items.map((event) => event.seq)).toEqual(all.items.map((_, index) => index + 1));
    expect(all.items[0]).toMatchObject({ seq: 1, kind: 'run.queued', state: 'queued' });
    const rest = await read('after=1&limit=1');
    expect(rest.items.map((event) => event.seq)).toEqual([2]);
    expect(await read(`after=${all.lastSeq}`)).toEqual({ items: [], lastSeq: all.lastSeq });
  });

  it('ends at once when it is cancelled before it started', async () => {
    const { body } = await start(as('runner'));
    const cancel = (user: string, json?: object) =>
      used.api.call<Run>('POST', `/api/v1/runs/${body.id}/cancel`, { as: user, json });
    expect(inShort(await used.api.refusal('POST', `/api/v1/runs/${body.id}/cancel`, { as: as('viewer') }))).toBe('403 FORBIDDEN');
    expect(inShort(await used.api.refusal('POST', `/api/v1/runs/${body.id}/cancel`, { as: stranger }))).toBe('404 RUN_NOT_FOUND');
    const cancelled = await cancel(as('runner'), { reason: 'changed my mind' });
    expect(cancelled.body).toMatchObject({
      state: 'cancelled',
      cancelReason: 'changed my mind',
      error: { code: 'RUN_CANCELLED' },
    });
    expect(inShort(await used.api.refusal('POST', `/api/v1/runs/${body.id}/cancel`, { as: as('runner') }))).toBe(
      '409 RUN_FINISHED',
    );
  });

  it('is asked to end when it is running', async () => {
    const { body } = await start(as('editor'));
    await openRun(used.database.owner, body.id);
    const { body: asked } = await used.api.call<Run>('POST', `/api/v1/runs/${body.id}/cancel`, { as: as('admin') });
    expect(asked.state).toBe('running');
    expect(asked.cancelRequestedAt).toMatch(/Z$/);
  });
});

describe('results', () => {
  it('come back with the characters that Postgres cannot store', async () => {
    const { body } = await start(as('editor'));
    await openRun(used.database.owner, body.id);
    const execution = executionOf(body.id);
    const stored = { text: 'a\uE0FF0000b\uE0FFd800', 'key\uE0FF0000': '\uE0FFe0ff' };
    const original = { text: 'a\u0000b\ud800', 'key\u0000': '\uE0FF' };
    await callValue(used.database.owner, 'durabase_private.write_steps', {
      p_items: [{ ...execution, op: 'end', stepId: 'hello', attempt: 1, state: 'completed', output: stored }],
    });
    await callValue(used.database.owner, 'durabase_private.finish_runs', {
      p_items: [{ ...execution, state: 'completed', output: stored }],
    });
    const run = await used.api.call<Run>('GET', `/api/v1/runs/${body.id}`, { as: as('editor') });
    const steps = await used.api.call<Page<RunStep>>('GET', `/api/v1/runs/${body.id}/steps`, { as: as('editor') });
    expect(run.body).toMatchObject({ state: 'completed', output: original });
    expect(steps.body.items[0]?.output).toEqual(original);
    expect(run.text).toContain('\\u0000'); // still JSON
    await used.database.owner.query('update durabase.run_events set data = $2 where run_id = $1 and seq = 1', [
      body.id,
      JSON.stringify(stored),
    ]);
    const events = await used.api.call<Page<RunEvent>>('GET', `/api/v1/runs/${body.id}/events?limit=1`, { as: as('editor') });
    expect(events.body.items[0]?.data).toEqual(original);
  });

  it('that are large are read by their reference, by those who see the run', async () => {
    const { body } = await start(as('runner'));
    const value = { big: 'x\uE0FF0000' };
    const { rows } = await used.database.owner.query<{ id: string }>(
      "insert into durabase_private.payloads (workspace_id, run_id, sha256, byte_count, body) values ($1, $2, 'abc', 10, $3) returning id",
      [workspace.id, body.id, JSON.stringify(value)],
    );
    const path = `/api/v1/payloads/${rows[0]?.id}`;
    for (const user of [as('runner'), as('viewer')]) {
      expect((await used.api.call('GET', path, { as: user })).body).toEqual({ id: rows[0]?.id, value: { big: 'x\u0000' } });
    }
    expect(inShort(await used.api.refusal('GET', path, { as: stranger }))).toBe('404 PAYLOAD_NOT_FOUND');
    expect(inShort(await used.api.refusal('GET', `/api/v1/payloads/${randomUUID()}`, { asService: true }))).toBe(
      '404 PAYLOAD_NOT_FOUND',
    );
  });
});

describe('GET /api/v1/drift', () => {
  it('shows admins the differences in their workspace, page by page', async () => {
    await used.database.owner.query(
      `insert into durabase_private.drift (kind, workspace_id, workflow_id, is_mended, note) select 'test', $1, 'run-' || n, true, 'n' from generate_series(1, 3) n`,
      [workspace.id],
    );
    interface Line {
      readonly workflowId: string;
      readonly isMended: boolean;
    }
    const first = await used.api.call<Page<Line>>('GET', '/api/v1/drift?limit=2', { as: as('admin') });
    expect(first.body.items.map((line) => line.workflowId)).toEqual(['run-3', 'run-2']);
    const rest = await used.api.call<Page<Line>>('GET', `/api/v1/drift?limit=2&cursor=${first.body.nextCursor}`, {
      as: as('admin'),
    });
    expect(rest.body.items).toMatchObject([{ workflowId: 'run-1', isMended: true }]);
    expect((await used.api.call<Page<Line>>('GET', '/api/v1/drift', { as: as('editor') })).body.items).toEqual([]);
  });
});
