import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Run } from '@durabase/contracts/api/run';
import { asUser } from '../support/as-role.ts';
import { createReadyTask, createRunIn, createUser, createWorkspace, startRun, type Workspace } from '../support/build-rows.ts';
import { callRow } from '../support/call.ts';
import { indexRuns } from '../db/support/index-runs.ts';
import { useApi } from './support/use-api.ts';

interface Page {
  readonly items: readonly Run[];
  readonly nextCursor: string | null;
}

const used = useApi();
let workspace: Workspace;
let stranger: string;
/** Oldest first. */
let reports: readonly string[];
let ofRunner: string;

beforeAll(async () => {
  const { owner, engine } = used.database;
  workspace = await createWorkspace(owner);
  stranger = await createUser(owner);
  const report = await createReadyTask(owner, workspace.id, { slug: 'daily-report' });
  const greet = await createReadyTask(owner, workspace.id, { slug: 'greet' });
  const started: string[] = [];
  for (const day of ['monday', 'tuesday', 'wednesday']) started.push((await startRun(owner, report, { input: { day } })).id);
  reports = started;
  await createRunIn(owner, greet, 'failed');
  ofRunner = (
    await asUser(owner, workspace.users.runner, (client) =>
      callRow<{ readonly id: string }>(client, 'durabase.start_run', { task: greet.id, input: { day: 'monday' } }),
    )
  ).id;
  await indexRuns(engine);
});

const list = async (as: string, query: Readonly<Record<string, string>>): Promise<Page> => {
  const { status, body } = await used.api.call<Page>('GET', `/api/v1/runs?${new URLSearchParams(query).toString()}`, { as });
  expect({ status, query }).toEqual({ status: 200, query });
  return body;
};
const ids = ({ items }: Page): readonly string[] => items.map(({ id }) => id);

describe('GET /api/v1/runs?q', () => {
  it('finds by words, newest first, and by id', async () => {
    const { viewer } = workspace.users;
    expect(ids(await list(viewer, { q: 'report' }))).toEqual(reports.toReversed());
    expect(ids(await list(viewer, { q: 'Monday' }))).toEqual([ofRunner, reports[0]]);
    expect(ids(await list(viewer, { q: 'report -monday' }))).toEqual([reports[2], reports[1]]);
    expect(ids(await list(viewer, { q: String(reports[1]) }))).toEqual([reports[1]]);
    expect(ids(await list(viewer, { q: 'step_failed' }))).toHaveLength(1);
  });

  it('goes with the other filters', async () => {
    const { viewer, runner } = workspace.users;
    expect(ids(await list(viewer, { q: 'monday', task: 'daily-report' }))).toEqual([reports[0]]);
    expect(ids(await list(viewer, { q: 'monday', actor: runner }))).toEqual([ofRunner]);
    expect(ids(await list(viewer, { actor: runner }))).toEqual([ofRunner]);
    expect(
      ids(await list(viewer, { q: 'greet', states: 'failed', errorCode: 'STEP_FAILED', workspace: workspace.id })),
    ).toHaveLength(1);
    expect(ids(await list(viewer, { q: 'monday', states: 'completed' }))).toEqual([]);
    expect(ids(await list(viewer, { q: 'monday', until: '2020-01-01T00:00:00Z' }))).toEqual([]);
    expect(ids(await list(viewer, { q: 'monday', since: '2020-01-01T00:00:00Z' }))).toHaveLength(2);
  });

  it('pages without gap or overlap', async () => {
    const first = await list(workspace.users.viewer, { q: 'report', limit: '2' });
    const rest = await list(workspace.users.viewer, { q: 'report', limit: '2', cursor: String(first.nextCursor) });
    expect([...ids(first), ...ids(rest)]).toEqual(reports.toReversed());
    expect(rest.nextCursor).toBeNull();
  });

  it('shows nobody what he does not see', async () => {
    expect(ids(await list(workspace.users.runner, { q: 'monday' }))).toEqual([ofRunner]);
    expect(ids(await list(workspace.users.runner, { q: String(reports[0]) }))).toEqual([]);
    expect(ids(await list(stranger, { q: 'monday', workspace: workspace.id }))).toEqual([]);
    expect(ids(await list(stranger, { actor: workspace.users.runner }))).toEqual([]);
  });

  it('shows a key what its scopes allow', async () => {
    const { owner } = workspace.users;
    const keyOf = async (scope: string): Promise<string> =>
      (
        await used.api.call<{ readonly key: string }>('POST', '/api/v1/api-keys', {
          as: owner,
          json: { name: scope, scopes: [scope], workspace: workspace.id },
        })
      ).body.key;
    const ask = async (scope: string) => {
      const { status, body } = await used.api.call<Page>('GET', '/api/v1/runs?q=monday', {
        headers: { authorization: `Bearer ${await keyOf(scope)}` },
      });
      return status === 200 ? ids(body) : status;
    };
    expect(await ask('runs:read')).toEqual([ofRunner, reports[0]]);
    expect(await ask('tasks:read')).toEqual(403);
  });

  it.each([
    ['a'.repeat(201), 422],
    ['x'.repeat(10_000), 422],
    ['', 422],
    ['a\u0000b', 422],
    ['"', 200],
    ["'; drop table task_runs; --", 200],
    ['& | ! :* ()', 200],
    ['a '.repeat(20), 200],
    ['a '.repeat(21), 422],
  ])('answers %j with %d', async (q, expected) => {
    const { status } = await used.api.call('GET', `/api/v1/runs?q=${encodeURIComponent(q)}`, { as: workspace.users.viewer });
    expect(status).toBe(expected);
  });
});
