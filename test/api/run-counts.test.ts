import { beforeAll, describe, expect, it } from '@jest/globals';
import type { RunCounts } from '@durabase/contracts/api/run-counts';
import {
  createReadyTask,
  createRunIn,
  createUser,
  createWorkspace,
  type ReadyTask,
  type Workspace,
} from '../support/build-rows.ts';
import { inShort } from './support/test-api.ts';
import { useApi } from './support/use-api.ts';

const used = useApi();
let workspace: Workspace;
let tasks: readonly ReadyTask[];
let stranger: string;

beforeAll(async () => {
  const { owner } = used.database;
  workspace = await createWorkspace(owner);
  stranger = await createUser(owner);
  tasks = [
    await createReadyTask(owner, workspace.id, { slug: 'one' }),
    await createReadyTask(owner, workspace.id, { slug: 'two' }),
  ];
  for (const [place, state] of [
    [0, 'completed'],
    [0, 'completed'],
    [0, 'failed'],
    [1, 'completed'],
    [1, 'queued'],
  ] as const) {
    const task = tasks[place];
    if (task !== undefined) await createRunIn(owner, task, state);
  }
});

const count = async (as: string, query = ''): Promise<Readonly<Record<string, number>>> => {
  const { body } = await used.api.call<RunCounts>('GET', `/api/v1/runs/counts${query}`, { as });
  expect(body.counts).toHaveLength(13);
  expect(body.counts.filter(({ isCapped }) => isCapped)).toEqual([]);
  return Object.fromEntries(body.counts.filter((one) => one.count > 0).map((one) => [one.state, one.count]));
};

describe('GET /api/v1/runs/counts', () => {
  it('counts by state what the caller sees', async () => {
    expect(await count(workspace.users.viewer)).toEqual({ completed: 3, failed: 1, queued: 1 });
    expect(await count(workspace.users.viewer, `?workspace=${workspace.id}`)).toEqual({ completed: 3, failed: 1, queued: 1 });
    expect(await count(workspace.users.runner)).toEqual({});
    expect(await count(stranger)).toEqual({});
    expect(await count(stranger, `?workspace=${workspace.id}`)).toEqual({});
  });

  it('counts one task, by its slug or its id', async () => {
    expect(await count(workspace.users.viewer, '?task=one')).toEqual({ completed: 2, failed: 1 });
    expect(await count(workspace.users.viewer, `?task=${tasks[1]?.id}`)).toEqual({ completed: 1, queued: 1 });
  });

  it('knows no task that the caller does not see', async () => {
    expect(inShort(await used.api.refusal('GET', `/api/v1/runs/counts?task=${tasks[0]?.id}`, { as: stranger }))).toBe(
      '404 TASK_NOT_FOUND',
    );
  });
});
