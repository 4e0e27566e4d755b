import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Change, Feed } from '@durabase/contracts/api/feed';
import { asUser } from '../../support/as-role.ts';
import {
  createReadyTask,
  createUser,
  createWorkspace,
  type ReadyTask,
  shareTask,
  startRun,
  type Workspace,
} from '../../support/build-rows.ts';
import { readValue } from '../../support/call.ts';
import { eventually } from '../../support/eventually.ts';
import { inShort } from '../support/test-api.ts';
import { useApi } from '../support/use-api.ts';
import { sequence, startLiveRun, upTo, writeEvent } from './support/live-run.ts';
import { openStream, type OpenStream } from './support/open-stream.ts';

/** Of which feeds the API read changes. */
const reads: unknown[] = [];
const used = useApi({
  streams: { pingMs: 3_600_000, pollMs: 3_600_000 },
  onStatement: (name, [feedName]) => {
    if (name === 'api_list_changes') reads.push(feedName);
  },
});
const readsOf = (name: string): number => reads.filter((read) => read === name).length;

let acme: Workspace;
let task: ReadyTask;
let feed: string;

beforeAll(async () => {
  acme = await createWorkspace(used.database.owner);
  task = await createReadyTask(used.database.owner, acme.id);
  feed = `workspace:${acme.id}`;
  await startRun(used.database.owner, task);
  await sequence(used.database);
});

interface Page {
  readonly items: readonly Change[];
  readonly lastSeq: number;
}
const pathOf = (name: string, query = ''): string => `/api/v1/feeds/${name}/changes${query}`;
const page = async (as: string, name: string, query = ''): Promise<Page> =>
  (await used.api.call<Page>('GET', pathOf(name, query), { as })).body;
const feedsOf = async (as: string, query = ''): Promise<readonly Feed[]> =>
  (await used.api.call<{ items: readonly Feed[] }>('GET', `/api/v1/feeds${query}`, { as })).body.items;
const streams: OpenStream[] = [];
afterEach(() => {
  for (const stream of streams.splice(0)) stream.leave();
});
async function follow(as: string, name: string, after: number): Promise<OpenStream> {
  const stream = await openStream(used.api, pathOf(name, `?after=${after}`), { as });
  streams.push(stream);
  return stream;
}
const lastSeqOf = async (name: string): Promise<number> =>
  Number(await readValue(used.database.owner, 'select last_seq from durabase_private.feed_counters where feed = $1', [name]));
const startRunAs = (userId: string): Promise<string> =>
  asUser(used.database.owner, userId, (client) => readValue<string>(client, 'select id from durabase.start_run($1)', [task.id]));

describe('GET /api/v1/feeds', () => {
  it('lists what the caller may follow', async () => {
    const guest = await createUser(used.database.owner);
    await shareTask(used.database.owner, { taskId: task.id, userId: guest });
    const namesOf = (feeds: readonly Feed[]) => feeds.map((item) => item.feed);
    expect(namesOf(await feedsOf(acme.users.viewer, `?workspace=${acme.id}`))).toEqual([feed]);
    expect(namesOf(await feedsOf(acme.users.runner, `?workspace=${acme.id}`))).toEqual([`own:${acme.id}`]);
    expect(namesOf(await feedsOf(guest))).toContain(`task:${task.id}`);
    expect(namesOf(await feedsOf(guest))).not.toContain(feed);
    const [own] = await feedsOf(acme.users.editor, `?workspace=${acme.id}`);
    expect(own).toEqual({
      feed,
      kind: 'workspace',
      workspaceId: acme.id,
      taskId: null,
      topic: expect.stringContaining(`durabase:${feed}:`),
      movesTopic: expect.stringContaining(`durabase:moves:${acme.id}:`),
      lastSeq: (await page(acme.users.editor, feed)).items.length,
    });
  });

  it.each([
    ['?workspace=mine', 'workspace'],
    ['?colour=red', 'colour'],
  ])('refuses %s with the path', async (query, path) => {
    const refusal = await used.api.refusal('GET', `/api/v1/feeds${query}`, { as: acme.users.viewer });
    expect([inShort(refusal), refusal.path]).toEqual(['422 INVALID_REQUEST', path]);
  });
});

describe('GET /api/v1/feeds/{feed}/changes', () => {
  it('gives the changes in order, page by page', async () => {
    const { items, lastSeq } = await page(acme.users.viewer, feed);
    expect(items.map(({ seq }) => seq)).toEqual(upTo(lastSeq));
    expect(items[0]).toMatchObject({ kind: 'task', id: task.id, taskId: task.id, runId: null, state: 'live' });
    expect(items.find(({ kind }) => kind === 'run')).toMatchObject({ state: 'queued', version: 1, taskId: task.id });
    const second = await page(acme.users.viewer, feed, '?after=1&limit=1');
    expect([second.items, second.lastSeq]).toEqual([[items[1]], 2]);
    expect(await page(acme.users.viewer, feed, `?after=${lastSeq}`)).toEqual({ items: [], lastSeq });
  });

  it('knows nothing of feeds that the caller may not follow, as a page and as a stream', async () => {
    const stranger = await createUser(used.database.owner);
    for (const [as, name] of [
      [stranger, feed],
      [acme.users.runner, feed],
      [acme.users.editor, `own:${acme.id}`],
      [stranger, `task:${task.id}`],
    ] as const) {
      for (const accept of ['application/json', 'text/event-stream']) {
        const refusal = await used.api.refusal('GET', pathOf(name), { as, headers: { accept } });
        expect([name, inShort(refusal), refusal.hint]).toEqual([
          name,
          '404 FEED_NOT_FOUND',
          expect.stringMatching(/\/api\/v1\/feeds/),
        ]);
      }
    }
  });

  it.each([
    'mine',
    'workspace',
    'workspace:',
    'run:0198f000-0000-7000-8000-000000000000',
    'workspace:0198F000-0000-7000-8000-00000000000A',
  ])('refuses the name %s with the path', async (name) => {
    const refusal = await used.api.refusal('GET', pathOf(name), { as: acme.users.viewer });
    expect([inShort(refusal), refusal.path]).toEqual(['422 INVALID_REQUEST', 'feed']);
  });

  it('says that numbers are gone, or were never there, before a stream begins', async () => {
    const { id } = await createWorkspace(used.database.owner, 'Old');
    const old = `workspace:${id}`;
    await createReadyTask(used.database.owner, id);
    await sequence(used.database);
    const before = await page(acme.users.viewer, feed);
    await used.database.owner.query(
      `delete from durabase_private.changes c using durabase_private.feed_counters k where k.id = c.feed_id and k.feed = $1`,
      [old],
    );
    await used.database.owner.query('update durabase_private.feed_counters set pruned_seq = last_seq where feed = $1', [old]);
    for (const accept of ['application/json', 'text/event-stream']) {
      for (const [name, query, options] of [
        [old, '?after=0', { asService: true }],
        [feed, `?after=${before.lastSeq + 1}`, { as: acme.users.viewer }],
      ] as const) {
        const refusal = await used.api.refusal('GET', pathOf(name, query), { ...options, headers: { accept } });
        expect([inShort(refusal), refusal.path]).toEqual(['410 CHANGES_PRUNED', 'after']);
      }
    }
  });
});

describe('a stream of changes', () => {
  it('is the same as the pages, goes on live, and goes on after a cut at any change', async () => {
    const first = await follow(acme.users.viewer, feed, 0);
    const start = (await page(acme.users.viewer, feed)).lastSeq;
    await first.received(start);
    for (const n of upTo(4)) {
      await startRun(used.database.owner, task);
      await sequence(used.database);
      await first.received(start + n);
    }
    await createReadyTask(used.database.owner, acme.id, { slug: 'another' });
    await sequence(used.database);
    const { items, lastSeq } = await page(acme.users.viewer, feed);
    await first.received(lastSeq);
    expect(first.messages).toEqual(items.map((data) => ({ id: String(data.seq), event: data.kind, data })));
    expect(new Set(first.messages.map(({ event }) => event))).toEqual(new Set(['task', 'run']));
    expect(first.end).toBe('none');
    for (const k of upTo(lastSeq - 1, 0)) {
      const rest = await openStream(used.api, pathOf(feed), { as: acme.users.viewer, headers: { 'last-event-id': String(k) } });
      await rest.received(lastSeq - k);
      expect(rest.ids()).toEqual(upTo(lastSeq, k + 1));
      rest.leave();
    }
  });

  it('gives a runner own runs only, live', async () => {
    const own = await follow(acme.users.runner, `own:${acme.id}`, 0);
    await startRunAs(acme.users.editor);
    const ids = [await startRunAs(acme.users.runner), await startRunAs(acme.users.runner)];
    await sequence(used.database);
    await own.received(2);
    expect(own.messages.map(({ data }) => (data as Change).id)).toEqual(ids);
    expect(own.ids()).toEqual([1, 2]);
  });

  it('gives a guest the runs of the shared task, live', async () => {
    const guest = await createUser(used.database.owner);
    const shared = await createReadyTask(used.database.owner, acme.id, { slug: 'shared' });
    await shareTask(used.database.owner, { taskId: shared.id, userId: guest });
    const ofTask = await follow(guest, `task:${shared.id}`, 0);
    await startRun(used.database.owner, task);
    const { id } = await startRun(used.database.owner, shared);
    await sequence(used.database);
    await eventually(() => expect(ofTask.messages.map(({ data }) => (data as Change).runId)).toContain(id));
    expect(ofTask.messages.every(({ data }) => (data as Change).taskId === shared.id)).toBe(true);
  });

  it('does not read when another workspace changes', async () => {
    const other = await createWorkspace(used.database.owner, 'Busy');
    const busy = await createReadyTask(used.database.owner, other.id);
    const { id } = await startLiveRun(used.database.owner, busy);
    await sequence(used.database);
    const { lastSeq } = await page(acme.users.viewer, feed);
    const quiet = await follow(acme.users.viewer, feed, lastSeq);
    const noise = `workspace:${other.id}`;
    const noisy = await follow(other.users.viewer, noise, await lastSeqOf(noise));
    await startRun(used.database.owner, task);
    await sequence(used.database);
    await quiet.received(1); // what is heard of it comes from the watch, which so has begun
    const before = [readsOf(feed), readsOf(noise)] as const;
    for (const n of upTo(10)) {
      await writeEvent(used.database.owner, id);
      await sequence(used.database);
      await noisy.received(n);
    }
    // one more than needed at most: what was read before it was told of
    expect(readsOf(feed) - before[0]).toBeLessThanOrEqual(1);
    expect(readsOf(noise) - before[1]).toBeLessThanOrEqual(11);
    expect(quiet.ids()).toEqual([lastSeq + 1]);
  });

  it('says in the stream that the numbers are no longer those that the client knows', async () => {
    const restored = await createWorkspace(used.database.owner, 'Restored');
    const ofRestored = await createReadyTask(used.database.owner, restored.id);
    await startRun(used.database.owner, ofRestored);
    await sequence(used.database);
    const name = `workspace:${restored.id}`;
    const stream = await follow(restored.users.viewer, name, 0);
    await stream.received(await lastSeqOf(name));
    // what a restore to an earlier moment looks like
    await used.database.owner.query(
      'delete from durabase_private.changes c using durabase_private.feed_counters k where k.id = c.feed_id and k.feed = $1',
      [name],
    );
    await used.database.owner.query('update durabase_private.feed_counters set last_seq = 0 where feed = $1', [name]);
    await used.database.owner.query("select pg_notify('durabase_changes', '')");
    expect(await stream.heard('resync')).toMatchObject({
      id: undefined,
      data: { status: 410, code: 'CHANGES_PRUNED', path: 'after' },
    });
    await stream.ended();
  });
});
