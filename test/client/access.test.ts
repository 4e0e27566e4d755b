import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { createClient } from '@supabase/supabase-js';
import { createDurabase, type FeedItem, isDurabaseError, type RunEvent } from '../../packages/client/src/index.ts';
import { addMember, createWorkspace } from '../support/build-rows.ts';
import { eventually } from '../support/eventually.ts';
import { createTokens } from './support/people.ts';
import { useLive } from './support/use-live.ts';
import { createRunningRun, writeLines } from './support/writers.ts';

const codeOf = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'resolved',
    (error: unknown) => (isDurabaseError(error) ? String(error.code) : String(error)),
  );

/** So rarely that only what is heard can bring a watch to look. */
const RARELY = { slowCheckMs: 600_000 };
/** The first look, the one after joining, and the one soon after. */
const hasSettled = (requests: ReadonlyMap<string, number>, name: string): Promise<void> =>
  eventually(() => expect(requests.get(name)).toBeGreaterThanOrEqual(3));

describe('who may watch', () => {
  const live = useLive();

  it('ends with no access when a member is removed, who hears nothing of what happens later', async () => {
    const { db, task, workspace } = live;
    const userId = await addMember(db.owner, { workspaceId: workspace.id, role: 'viewer' });
    const runId = await createRunningRun(db.owner, task);
    const { durabase, supabase, requests } = live.person(userId, { timing: RARELY });
    const events: RunEvent[] = [];
    const items: FeedItem[] = [];
    const run = durabase.watch(runId, { onEvent: (event) => events.push(event) });
    const feed = durabase.watch({ workspace: workspace.id, onItem: (item) => items.push(item) });
    await eventually(() => expect([run.connection.state, feed.connection.state]).toEqual(['live', 'live']));
    await writeLines(db.owner, [runId], 5);
    await eventually(() => expect([events.at(-1)?.seq, items.length]).toEqual([8, 5]));
    await hasSettled(requests, 'run_feed');
    await hasSettled(requests, 'feeds');

    const heard: unknown[] = [];
    for (const channel of supabase.getChannels()) channel.on('broadcast', { event: '*' }, (message) => heard.push(message.event));
    await db.owner.query('delete from durabase.workspace_members where workspace_id = $1 and user_id = $2', [
      workspace.id,
      userId,
    ]);
    expect([await codeOf(run.done), await codeOf(feed.done)]).toEqual(['NO_ACCESS', 'NO_ACCESS']);
    expect([run.connection, feed.connection]).toMatchObject([{ state: 'no access' }, { state: 'no access' }]);
    // A look that was under way may have told him first; then his channels are closed before that one word comes.
    expect([[], ['moved']]).toContainEqual(heard);
    const heardCount = heard.length;
    await eventually(() => expect(supabase.getChannels()).toEqual([]));
    await delay(2_000);
    await writeLines(db.owner, [runId], 5);
    const witness: RunEvent[] = [];
    const { durabase: other } = live.person(workspace.users.viewer);
    for await (const event of other.watch(runId)) if (witness.push(event) === 13) break;
    expect([events.length, items.length, heard.length]).toEqual([8, 5, heardCount]);
  }, 30_000);

  it('goes on under the new names when somebody else loses his right', async () => {
    const { db, task, workspace } = live;
    const leaver = await addMember(db.owner, { workspaceId: workspace.id, role: 'viewer' });
    const runId = await createRunningRun(db.owner, task);
    const { durabase, supabase, requests } = live.person(workspace.users.viewer, { timing: RARELY });
    const events: RunEvent[] = [];
    const watch = durabase.watch(runId, { onEvent: (event) => events.push(event) });
    await hasSettled(requests, 'run_feed');
    const topics = () => supabase.getChannels().map(({ topic }) => topic);
    const before = topics();
    await db.owner.query('delete from durabase.workspace_members where workspace_id = $1 and user_id = $2', [
      workspace.id,
      leaver,
    ]);
    await eventually(() => {
      expect(topics().some((topic) => before.includes(topic))).toBe(false);
      expect(watch.connection.state).toBe('live');
    });
    await writeLines(db.owner, [runId], 3);
    await eventually(() => expect(events.at(-1)?.seq).toBe(6));
    watch.stop();
  });

  it('hands out the own runs when an editor becomes a runner, with a resync', async () => {
    const { db, task, workspace } = live;
    const userId = await addMember(db.owner, { workspaceId: workspace.id, role: 'editor' });
    const { durabase } = live.person(userId);
    const items: FeedItem[] = [];
    const watch = durabase.watch({ workspace: workspace.id, onItem: (item) => items.push(item) });
    await eventually(() => expect(watch.connection.state).toBe('live'));
    await db.owner.query("update durabase.workspace_members set role = 'runner' where workspace_id = $1 and user_id = $2", [
      workspace.id,
      userId,
    ]);
    const own = `own:${workspace.id}`;
    await eventually(() => expect(items).toContainEqual({ type: 'resync', feed: own, after: 0, reason: 'rights changed' }));
    await eventually(() => expect(watch.connection.state).toBe('live'));
    const { run } = await durabase.start(task.slug, {}, { workspace: workspace.id });
    await createRunningRun(db.owner, task);
    await eventually(() => expect(items.at(-1)).toMatchObject({ type: 'change', feed: own, seq: 1, id: run.id, version: 1 }));
    watch.stop();
  });

  it('tells a stranger that there is nothing for him', async () => {
    const { db, task, workspace } = live;
    const runId = await createRunningRun(db.owner, task);
    const elsewhere = await createWorkspace(db.owner, 'Elsewhere');
    const { durabase } = live.person(await addMember(db.owner, { workspaceId: elsewhere.id, role: 'owner' }));
    const watch = durabase.watch(runId);
    expect(await codeOf(watch[Symbol.asyncIterator]().next())).toBe('NO_ACCESS');
    expect(watch.connection).toMatchObject({ state: 'no access', reason: 'no such run is visible to you' });
    const feed = durabase.watch({ workspace: workspace.id });
    expect(await codeOf(feed.ready)).toBe('NO_ACCESS');
    expect(await codeOf(durabase.watch('not an id').done)).toBe('INVALID_REQUEST');
  });

  it('stays live while tokens expire and are renewed', async () => {
    const { db, task, workspace } = live;
    const runId = await createRunningRun(db.owner, task);
    const { durabase } = live.person(workspace.users.viewer, { tokenLifeSeconds: 3, heartbeatMs: 500 });
    const events: RunEvent[] = [];
    const states: string[] = [];
    const watch = durabase.watch(runId, {
      onEvent: (event) => events.push(event),
      onConnection: ({ state }) => states.push(state),
    });
    for (let second = 1; second <= 8; second += 1) {
      await delay(1_000);
      await writeLines(db.owner, [runId], 1);
      await eventually(() => expect(events.at(-1)?.seq).toBe(3 + second));
    }
    // On a busy machine a line may have to be fetched; the connection itself is never lost.
    expect([...new Set(states)]).toEqual(['catching up', 'live']);
    watch.stop();
  }, 30_000);

  it('is signed out when the token expires and nobody renews it', async () => {
    const { db, endpoint, task, workspace } = live;
    const runId = await createRunningRun(db.owner, task);
    const token = await createTokens(workspace.users.viewer, endpoint.jwtSecret, { tokenLifeSeconds: 3 })();
    const supabase = createClient(endpoint.url, endpoint.publishableKey, { accessToken: async () => token });
    const durabase = createDurabase({ supabase, timing: { fastCheckMs: 200, firstBackOffMs: 50 } });
    const watch = durabase.watch(runId);
    await eventually(() => expect(watch.connection.state).toBe('live'));
    expect(await codeOf(watch.done)).toBe('SIGNED_OUT');
    expect(watch.connection.state).toBe('signed out');
    await durabase.close();
  }, 20_000);

  it('leaves everything when the user signs out, and carries a renewed token', async () => {
    const { db, endpoint, task, workspace } = live;
    const supabase = createClient(endpoint.url, endpoint.publishableKey, { auth: { persistSession: false } });
    const { data } = await supabase.auth.signUp({ email: 'anna@example.com', password: 'correct horse battery' });
    await addMember(db.owner, { workspaceId: workspace.id, role: 'viewer', userId: data.user?.id ?? '' });
    const runId = await createRunningRun(db.owner, task);
    const durabase = createDurabase({ supabase });
    const watch = durabase.watch(runId);
    const iterator = watch[Symbol.asyncIterator]();
    await eventually(() => expect(watch.connection.state).toBe('live'));
    for (const seq of [1, 2, 3]) expect(await iterator.next()).toMatchObject({ value: { seq } });
    expect((await supabase.auth.refreshSession()).error).toBeNull();
    await writeLines(db.owner, [runId], 1);
    expect(await iterator.next()).toMatchObject({ value: { seq: 4 } });
    await writeLines(db.owner, [runId], 1);
    const { error } = await supabase.auth.signOut();
    expect(error).toBeNull();
    expect(await codeOf(watch.done)).toBe('SIGNED_OUT');
    expect(await codeOf(iterator.next())).toBe('SIGNED_OUT');
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
    await eventually(() => expect(supabase.getChannels()).toEqual([]));
    await durabase.close();
  });
});
