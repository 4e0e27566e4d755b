import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Run, RunStep } from '@durabase/contracts/api/run';
import type { RunExplanation } from '@durabase/contracts/api/run-explanation';
import type { RunLink } from '@durabase/contracts/api/run-operations';
import { tellStory } from '../db/support/tell-story.ts';
import {
  admitRun,
  createReadyTask,
  createRunIn,
  createUser,
  createWorkspace,
  startRun,
  type ReadyTask,
  type Workspace,
} from '../support/build-rows.ts';
import { callRow } from '../support/call.ts';
import { inShort } from './support/test-api.ts';
import { useApi } from './support/use-api.ts';

const used = useApi();
const story = tellStory(used.database);
let acme: Workspace;
let task: ReadyTask;
let stranger: string;

beforeAll(async () => {
  acme = await createWorkspace(used.database.owner);
  task = await createReadyTask(used.database.owner, acme.id);
  stranger = await createUser(used.database.owner);
});

const as = (role: keyof Workspace['users']): string => acme.users[role];
interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}
const get = async <Body>(id: string, rest: string, user = as('viewer')): Promise<Body> =>
  (await used.api.call<Body>('GET', `/api/v1/runs/${id}/${rest}`, { as: user })).body;

describe('GET /runs/{run}/links', () => {
  it('shows from both sides where a run comes from and what came from it, page by page', async () => {
    const { owner } = used.database;
    const { id } = await createRunIn(owner, task, 'failed');
    const make = async (name: string, args: object) => (await callRow<Run>(owner, `durabase.${name}`, { run: id, ...args })).id;
    const retry = await make('retry_run', {});
    const rerun = await make('rerun', {});
    const fork = await make('fork_run', { from_step: 'hello' });
    const seen: RunLink[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Page<RunLink> = await get(id, `links?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seen.push(...page.items);
      cursor = page.nextCursor;
    }
    expect(seen.map(({ relation, runId, state, stepId }) => [relation, runId, state, stepId])).toEqual([
      ['retry', retry, 'queued', null],
      ['rerun', rerun, 'queued', null],
      ['fork', fork, 'queued', 'hello'],
    ]);
    for (const [made, relation] of [
      [retry, 'retried_from'],
      [rerun, 'rerun_of'],
      [fork, 'forked_from'],
    ] as const) {
      expect((await get<Page<RunLink>>(made, 'links')).items).toMatchObject([
        { relation, runId: id, state: 'failed', taskId: task.id },
      ]);
    }
  });

  it('shows parents and children with the step between them', async () => {
    const parent = await story.startOpen(task);
    await story.wait(parent, 'kid', { kind: 'child', task: task.slug, isWaited: true }, { iteration: 3 });
    const [child] = (await get<Page<RunLink>>(parent, 'links')).items;
    expect(child).toMatchObject({ relation: 'child', stepId: 'kid', iteration: 3, isWaited: true });
    expect((await get<Page<RunLink>>(child?.runId ?? '', 'links')).items).toMatchObject([{ relation: 'parent', runId: parent }]);
  });
});

describe('GET /runs/{run}/explain', () => {
  it('says which rule holds a run, who stands in its way, and where it is in line', async () => {
    const narrow = await createReadyTask(used.database.owner, acme.id, { slug: 'narrow', plan: { mode: 'sync' } });
    const holder = await startRun(used.database.owner, narrow);
    await admitRun(used.database.owner, holder.id);
    const [first, second] = [await startRun(used.database.owner, narrow), await startRun(used.database.owner, narrow)];
    await used.database.engine.query('select durabase_private.admit(100, 1000)');
    const explained = await get<RunExplanation>(second.id, 'explain');
    expect(explained.queue).toMatchObject({
      place: 2,
      isAdmitted: false,
      heldBy: { limit: 1, heldCount: 1, holders: [{ runId: holder.id, state: 'queued' }] },
    });
    expect(explained.summary).toMatch(/^waits for a permit: .*; 1 of 1 taken, number 2 in line$/);
    expect((await get<RunExplanation>(first.id, 'explain')).queue?.place).toBe(1);
  });

  it('gives back errors with the characters that Postgres cannot store', async () => {
    const id = await story.startOpen(task);
    await story.begin(id, 'call');
    await story.end(id, 'call', {
      attempt: 1,
      state: 'retrying',
      error: { code: 'STEP_FAILED', message: 'a\uE0FF0000b' },
      nextAttemptAt: '2031-01-01T00:00:00Z',
    });
    const { waits } = await get<RunExplanation>(id, 'explain');
    expect(waits).toMatchObject([{ kind: 'retry', until: '2031-01-01T00:00:00.000Z', error: { message: 'a\u0000b' } }]);
  });
});

describe.each(['links', 'explain'])('GET /runs/{run}/%s', (rest) => {
  it('knows nothing of runs that the caller does not see', async () => {
    const { id } = await startRun(used.database.owner, task);
    for (const user of [stranger, as('runner')]) {
      expect(inShort(await used.api.refusal('GET', `/api/v1/runs/${id}/${rest}`, { as: user }))).toBe('404 RUN_NOT_FOUND');
    }
    expect(inShort(await used.api.refusal('GET', `/api/v1/runs/${randomUUID()}/${rest}`, { asService: true }))).toBe(
      '404 RUN_NOT_FOUND',
    );
    expect(inShort(await used.api.refusal('POST', `/api/v1/runs/${id}/${rest}`, { as: as('viewer') }))).toBe(
      '405 METHOD_NOT_ALLOWED',
    );
    expect(inShort(await used.api.refusal('GET', `/api/v1/runs/${id}/${rest}?more=1`, { as: as('viewer') }))).toBe(
      '422 INVALID_REQUEST',
    );
    expect((await used.api.call('GET', `/api/v1/runs/${id}/${rest}`, { as: as('editor') })).status).toBe(200);
  });
});

describe('the steps of a loop', () => {
  it('are listed with the progress of the loop and the reason of what was skipped, over all pages', async () => {
    const id = await story.startOpen(task);
    await story.openLoop(id, 'each', [1, 2, 3, 4, 5]);
    await story.take(id, 'each', { iteration: 0 });
    await story.skip(id, 'each', { iteration: 1, reason: 'its condition is false' });
    await story.begin(id, 'each', { iteration: 2 });
    await story.end(id, 'each', { iteration: 2, attempt: 1, state: 'failed', error: { code: 'STEP_FAILED', message: 'no' } });
    await story.begin(id, 'each', { iteration: 3 });
    const steps: RunStep[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Page<RunStep> = await get(id, `steps?limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`);
      steps.push(...page.items);
      cursor = page.nextCursor;
    }
    expect(steps.map(({ iteration, state, skipReason, progress }) => [iteration, state, skipReason, progress])).toEqual([
      [-1, 'running', null, { total: 5, done: 2, failed: 1 }],
      [0, 'completed', null, null],
      [1, 'skipped', 'its condition is false', null],
      [2, 'failed', null, null],
      [3, 'running', null, null],
    ]);
  });
});
