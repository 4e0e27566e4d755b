import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Run } from '@durabase/contracts/api/run';
import { createReadyTask, createRunIn, createUser, createWorkspace, type Workspace } from '../support/build-rows.ts';
import { useApi } from './support/use-api.ts';

interface Page {
  readonly items: readonly Run[];
  readonly nextCursor: string | null;
}

const used = useApi();
/** Random, so that Postgres cannot make it fit an index by compressing. */
const LONG = randomBytes(5_000).toString('hex');
let workspace: Workspace;
let stranger: string;
/** Oldest first. */
let timeouts: readonly string[];

beforeAll(async () => {
  const { owner } = used.database;
  workspace = await createWorkspace(owner);
  stranger = await createUser(owner);
  const [one, two] = [
    await createReadyTask(owner, workspace.id, { slug: 'one' }),
    await createReadyTask(owner, workspace.id, { slug: 'two' }),
  ];
  const fail = async (task: typeof one, code: string): Promise<string> => {
    const { id } = await createRunIn(owner, task, 'failed');
    await owner.query(
      "update durabase.task_runs set error = jsonb_build_object('code', $2::text, 'message', 'no') where id = $1",
      [id, code],
    );
    return id;
  };
  timeouts = [await fail(one, 'TOO_SLOW'), await fail(one, 'TOO_SLOW'), await fail(two, 'TOO_SLOW')];
  await fail(one, 'OTHER');
  await fail(one, LONG);
  await createRunIn(owner, one, 'completed');
});

const list = async (as: string, query: string): Promise<Page> =>
  (await used.api.call<Page>('GET', `/api/v1/runs?${query}`, { as })).body;
const ids = ({ items }: Page): readonly string[] => items.map(({ id }) => id);

describe('GET /api/v1/runs?errorCode', () => {
  it('lists the runs with this error, newest first', async () => {
    expect(ids(await list(workspace.users.viewer, 'errorCode=TOO_SLOW'))).toEqual(timeouts.toReversed());
    expect(ids(await list(workspace.users.viewer, 'errorCode=NOBODY'))).toEqual([]);
  });

  it('goes with the other filters', async () => {
    const { viewer } = workspace.users;
    expect(ids(await list(viewer, 'errorCode=TOO_SLOW&task=two'))).toEqual(timeouts.slice(2));
    expect(ids(await list(viewer, `errorCode=TOO_SLOW&states=failed&workspace=${workspace.id}`))).toHaveLength(3);
    expect(ids(await list(viewer, 'errorCode=TOO_SLOW&states=timed_out'))).toEqual([]);
    expect(ids(await list(viewer, 'errorCode=TOO_SLOW&until=2020-01-01T00:00:00Z'))).toEqual([]);
  });

  it('pages without gap or overlap', async () => {
    const first = await list(workspace.users.viewer, 'errorCode=TOO_SLOW&limit=2');
    const rest = await list(workspace.users.viewer, `errorCode=TOO_SLOW&limit=2&cursor=${first.nextCursor}`);
    expect([...ids(first), ...ids(rest)]).toEqual(timeouts.toReversed());
    expect(rest.nextCursor).toBeNull();
  });

  it('shows nobody what he does not see', async () => {
    expect(ids(await list(workspace.users.runner, 'errorCode=TOO_SLOW'))).toEqual([]);
    expect(ids(await list(stranger, `errorCode=TOO_SLOW&workspace=${workspace.id}`))).toEqual([]);
  });

  it('refuses a code longer than what is looked up', async () => {
    const { status } = await used.api.call('GET', `/api/v1/runs?errorCode=${LONG.slice(0, 201)}`, { as: workspace.users.viewer });
    expect(status).toBe(422);
  });
});
