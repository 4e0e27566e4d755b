import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  addMember,
  createReadyTask,
  createUser,
  createWorkspace,
  type ReadyTask,
  shareTask,
  type Workspace,
} from '../../support/build-rows.ts';
import { asUser } from '../../support/as-role.ts';
import { readValue } from '../../support/call.ts';
import { useApi } from '../support/use-api.ts';
import { finishRun, sequence, startLiveRun, upTo, writeEvent } from './support/live-run.ts';
import { openStream, type OpenStream, type StreamOptions } from './support/open-stream.ts';

/** No heartbeat and no slow look within a test: what is heard is heard of the notification. */
const used = useApi({ streams: { pingMs: 3_600_000, pollMs: 3_600_000 } });
const quick = useApi({ streams: { pingMs: 50 } });
let acme: Workspace;
let task: ReadyTask;

beforeAll(async () => {
  acme = await createWorkspace(used.database.owner);
  task = await createReadyTask(used.database.owner, acme.id);
});

const eventsOf = (runId: string): string => `/api/v1/runs/${runId}/events`;
const changesOf = (feed: string): string => `/api/v1/feeds/${feed}/changes`;
const open = (path: string, options: StreamOptions) => openStream(used.api, path, options);

/** A refusal in place of a stream. */
async function refusalOf(stream: OpenStream): Promise<unknown> {
  await stream.ended();
  expect(stream.headers['content-type']).toMatch(/problem\+json/);
  const { status, code } = JSON.parse(stream.text) as { status: number; code: string };
  return [stream.status, status, code];
}

const startRunAs = (userId: string): Promise<string> =>
  asUser(used.database.owner, userId, (client) => readValue<string>(client, 'select id from durabase.start_run($1)', [task.id]));

const tell = async (runId: string, secret: string): Promise<void> => {
  await writeEvent(used.database.owner, runId, { secret });
  await sequence(used.database);
};

describe('a stream begins', () => {
  it('for those who see the run, and for nobody else', async () => {
    const { id, lastSeq } = await startLiveRun(used.database.owner, task);
    const stranger = await createUser(used.database.owner);
    for (const as of [stranger, acme.users.runner])
      expect(await refusalOf(await open(eventsOf(id), { as }))).toEqual([404, 404, 'RUN_NOT_FOUND']);
    expect(await refusalOf(await open(eventsOf(id), {}))).toEqual([401, 401, 'UNAUTHENTICATED']);
    for (const options of [{ as: acme.users.viewer }, { as: acme.users.owner }, { asService: true }]) {
      const stream = await open(eventsOf(id), options);
      await stream.received(lastSeq);
      expect(stream.ids()).toEqual(upTo(lastSeq));
      stream.leave();
    }
  });

  it('for a runner only on own runs', async () => {
    const own = await startRunAs(acme.users.runner);
    const stream = await open(eventsOf(own), { as: acme.users.runner });
    await stream.received(1);
    await used.database.owner.query('select durabase.cancel_run($1)', [own]);
    await sequence(used.database);
    expect(await stream.heard('end')).toMatchObject({ data: { state: 'cancelled' } });
    const others = await startRunAs(acme.users.editor);
    expect(await refusalOf(await open(eventsOf(others), { as: acme.users.runner }))).toEqual([404, 404, 'RUN_NOT_FOUND']);
  });

  it('not with a token that has expired', async () => {
    const { id } = await startLiveRun(used.database.owner, task);
    const token = await used.api.auth.sign(acme.users.editor, { lifeSeconds: -1 });
    expect(await refusalOf(await open(eventsOf(id), { token }))).toEqual([401, 401, 'TOKEN_EXPIRED']);
  });
});

describe('a right that is lost while the stream is open', () => {
  it.each([
    [
      'membership',
      (user: string) => used.database.owner.query('delete from durabase.workspace_members where user_id = $1', [user]),
    ],
    [
      'role',
      (user: string) =>
        used.database.owner.query("update durabase.workspace_members set role = 'runner' where user_id = $1", [user]),
    ],
  ])('%s: nothing that comes later is heard', async (_name, lose) => {
    const as = await addMember(used.database.owner, { workspaceId: acme.id, role: 'editor' });
    const { id, lastSeq } = await startLiveRun(used.database.owner, task);
    const run = await open(eventsOf(id), { as });
    const feed = await open(changesOf(`workspace:${acme.id}`), { as });
    await tell(id, 'before');
    await run.received(lastSeq + 1);
    await feed.received(1);
    await lose(as);
    await tell(id, 'after');
    const error = await run.heard('error');
    expect(error).toMatchObject({ id: undefined, data: { status: 404, code: 'RUN_NOT_FOUND', path: 'run' } });
    expect(await feed.heard('error')).toMatchObject({ data: { status: 404, code: 'FEED_NOT_FOUND', path: 'feed' } });
    await Promise.all([run.ended(), feed.ended()]);
    await tell(id, 'long after');
    expect(run.ids()).toEqual(upTo(lastSeq + 1));
    expect(run.messages.at(-1)).toEqual(error);
    expect(run.text).toContain('before');
    expect(run.text).not.toContain('after');
    expect([run.end, feed.end]).toEqual(['clean', 'clean']);
    expect(await refusalOf(await open(eventsOf(id), { as }))).toEqual([404, 404, 'RUN_NOT_FOUND']);
  });

  it('a share: the others who follow the run hear it all', async () => {
    const guest = await createUser(used.database.owner);
    await shareTask(used.database.owner, { taskId: task.id, userId: guest });
    const { id, lastSeq } = await startLiveRun(used.database.owner, task);
    const ofGuest = await open(eventsOf(id), { as: guest });
    const ofViewer = await open(eventsOf(id), { as: acme.users.viewer });
    await Promise.all([ofGuest.received(lastSeq), ofViewer.received(lastSeq)]);
    await used.database.owner.query('delete from durabase.task_permissions where user_id = $1', [guest]);
    await tell(id, 'after');
    await finishRun(used.database.owner, id);
    await sequence(used.database);
    expect(await ofGuest.heard('error')).toMatchObject({ data: { code: 'RUN_NOT_FOUND' } });
    await Promise.all([ofGuest.ended(), ofViewer.ended()]);
    expect(ofGuest.ids()).toEqual(upTo(lastSeq));
    expect(ofViewer.ids()).toEqual(upTo(lastSeq + 2));
  });

  it('ends the stream soon also when nothing happens', async () => {
    const workspace = await createWorkspace(quick.database.owner);
    const quiet = await startLiveRun(quick.database.owner, await createReadyTask(quick.database.owner, workspace.id));
    const as = workspace.users.viewer;
    const streams = [
      await openStream(quick.api, eventsOf(quiet.id), { as }),
      await openStream(quick.api, changesOf(`workspace:${workspace.id}`), { as }),
    ];
    await quick.database.owner.query('delete from durabase.workspace_members where user_id = $1', [as]);
    for (const stream of streams) expect(await stream.heard('error')).toMatchObject({ data: { status: 404 } });
  });
});

describe('a token that expires while the stream is open', () => {
  it('ends it, and nothing that comes later is heard', async () => {
    const { id, lastSeq } = await startLiveRun(used.database.owner, task);
    const token = await used.api.auth.sign(acme.users.editor, { lifeSeconds: 3 });
    const streams = [await open(eventsOf(id), { token }), await open(changesOf(`workspace:${acme.id}`), { token })];
    const lasting = await open(eventsOf(id), { asService: true });
    await tell(id, 'before');
    await streams[0]?.received(lastSeq + 1);
    for (const stream of streams) {
      expect(await stream.heard('error')).toMatchObject({ id: undefined, data: { status: 401, code: 'TOKEN_EXPIRED' } });
      await stream.ended();
      expect(stream.end).toBe('clean');
    }
    await tell(id, 'after');
    await lasting.received(lastSeq + 2);
    expect(lasting.end).toBe('none');
    expect(streams[0]?.ids()).toEqual(upTo(lastSeq + 1));
    for (const stream of streams) expect(stream.text).not.toContain('after');
    const renewed = await open(eventsOf(id), { as: acme.users.editor, headers: { 'last-event-id': String(lastSeq + 1) } });
    await renewed.received(1);
    expect(renewed.ids()).toEqual([lastSeq + 2]);
  });

  it('does not end it at once when its end is beyond what timers can wait for', async () => {
    const { id, lastSeq } = await startLiveRun(used.database.owner, task);
    const stream = await open(eventsOf(id), { token: await used.api.auth.sign(acme.users.editor, { lifeSeconds: 1e10 }) });
    await stream.received(lastSeq);
    await tell(id, 'later');
    await stream.received(lastSeq + 1);
    expect(stream.end).toBe('none');
  });
});
