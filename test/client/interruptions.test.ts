import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { Connection, FeedItem, RunEvent } from '../../packages/client/src/index.ts';
import { eventually } from '../support/eventually.ts';
import { useLive } from './support/use-live.ts';
import { createRunningRun, finishRun, writeLines } from './support/writers.ts';

const oneTo = (last: number): readonly number[] => Array.from({ length: last }, (_, index) => index + 1);

describe('a watch that is disturbed', () => {
  const live = useLive();

  it('hears the first write however soon it comes after joining', async () => {
    const { db, task, workspace } = live;
    const { durabase } = live.person(workspace.users.viewer);
    const check = async (waitMs: number): Promise<readonly number[]> => {
      const runId = await createRunningRun(db.owner, task);
      const events: RunEvent[] = [];
      const watch = durabase.watch(runId, { onEvent: (event) => events.push(event) });
      await eventually(() => expect(watch.connection.state).toBe('live'));
      await delay(waitMs);
      await writeLines(db.owner, [runId], 1);
      await eventually(() => expect(events.length).toBe(4), { timeoutMs: 2_500 });
      watch.stop();
      return events.map(({ seq }) => seq);
    };
    const heard = await Promise.all([0, 1, 10, 100, 500, 1_000, 2_000, 3_000].map(check));
    for (const seqs of heard) expect(seqs).toEqual(oneTo(4));
  }, 20_000);

  it('goes on when the endpoint is killed and started again', async () => {
    const { db, endpoint, task, workspace } = live;
    const runId = await createRunningRun(db.owner, task);
    const { durabase } = live.person(workspace.users.viewer);
    const events: RunEvent[] = [];
    const items: FeedItem[] = [];
    const said: Connection[] = [];
    const run = durabase.watch(runId, {
      onEvent: (event) => events.push(event),
      onConnection: (connection) => said.push(connection),
    });
    const feed = durabase.watch({ workspace: workspace.id, onItem: (item) => items.push(item) });
    await eventually(() => expect([run.connection.state, feed.connection.state]).toEqual(['live', 'live']));
    const before = items.length;
    await endpoint.program.kill('SIGKILL');
    await writeLines(db.owner, [runId], 50);
    await eventually(() => expect(run.connection.state).toBe('reconnecting'));
    await eventually(() => expect([run.connection.state, feed.connection.state]).toEqual(['live', 'live']), {
      timeoutMs: 30_000,
    });
    await writeLines(db.owner, [runId], 50);
    await finishRun(db.owner, runId);
    await run.done;
    expect(events.map(({ seq }) => seq)).toEqual(oneTo(104));
    await eventually(() => expect(items.length - before).toBe(101));
    feed.stop();
    for (const { nextTryAt } of said.filter(({ state }) => state === 'reconnecting')) expect(nextTryAt).toBeInstanceOf(Date);
  }, 60_000);

  it('notices a network that swallows everything, and goes on when it is back', async () => {
    const { db, task, workspace } = live;
    const runId = await createRunningRun(db.owner, task);
    const network = await live.network();
    const timing = { slowCheckMs: 300, fastCheckMs: 300, callTimeoutMs: 300 };
    const { durabase } = live.person(workspace.users.viewer, { url: network.url, timing, heartbeatMs: 300 });
    const events: RunEvent[] = [];
    const watch = durabase.watch(runId, { onEvent: (event) => events.push(event) });
    await eventually(() => expect(watch.connection.state).toBe('live'));
    network.freeze();
    await eventually(() =>
      expect(watch.connection).toMatchObject({
        state: 'reconnecting',
        reason: expect.stringContaining('no answer within 300 ms'),
      }),
    );
    await writeLines(db.owner, [runId], 3);
    await network.cut();
    await network.restore();
    await eventually(() => expect(events.map(({ seq }) => seq)).toEqual(oneTo(6)));
    await eventually(() => expect(watch.connection.state).toBe('live'), { timeoutMs: 20_000 });
    watch.stop();
  }, 40_000);

  it('polls where no socket can be had, and says so', async () => {
    const { db, task, workspace } = live;
    const runId = await createRunningRun(db.owner, task);
    const network = await live.network();
    const { durabase } = live.person(workspace.users.viewer, {
      url: network.url,
      timing: { fastCheckMs: 100 },
      realtimeUrl: 'ws://127.0.0.1:9',
    });
    const events: RunEvent[] = [];
    const watch = durabase.watch(runId, { onEvent: (event) => events.push(event) });
    const isPolling = expect.objectContaining({ state: 'polling', nextTryAt: expect.any(Date) });
    await eventually(() => expect(watch.connection).toEqual(isPolling), { timeoutMs: 15_000 });
    await writeLines(db.owner, [runId], 3);
    await eventually(() => expect(events.length).toBe(6));
    await network.cut();
    await eventually(() => expect(watch.connection.state).toBe('reconnecting'));
    await writeLines(db.owner, [runId], 3);
    await network.restore();
    await eventually(() => expect(events.length).toBe(9));
    await eventually(() => expect(watch.connection.state).toBe('polling'));
    await finishRun(db.owner, runId);
    await watch.done;
    expect(events.map(({ seq }) => seq)).toEqual(oneTo(10));
  }, 30_000);

  it('shares a channel between all who watch the same run, and leaves it with the last one', async () => {
    const { db, task, workspace } = live;
    const runId = await createRunningRun(db.owner, task);
    const { durabase, supabase } = live.person(workspace.users.viewer);
    const watches = Array.from({ length: 5 }, () => durabase.watch(runId));
    for (const watch of watches) await eventually(() => expect(watch.connection.state).toBe('live'));
    expect(supabase.getChannels().length).toBe(2); // of the run, and of the moves of its workspace
    for (const watch of watches.slice(1)) watch.stop();
    await writeLines(db.owner, [runId], 1);
    const seqs: number[] = [];
    for await (const { seq } of watches[0] ?? []) if (seqs.push(seq) === 4) break;
    expect(seqs).toEqual(oneTo(4));
    await eventually(() => expect(supabase.getChannels()).toEqual([]));
    const again = durabase.watch(runId, { after: 3 });
    for await (const { seq } of again) {
      expect(seq).toBe(4);
      break;
    }
  });

  it('replaces a channel that somebody else closed', async () => {
    const { db, task, workspace } = live;
    const runId = await createRunningRun(db.owner, task);
    const { durabase, supabase } = live.person(workspace.users.viewer);
    const events: RunEvent[] = [];
    const watch = durabase.watch(runId, { onEvent: (event) => events.push(event) });
    for (let round = 1; round <= 3; round += 1) {
      await eventually(() => expect(watch.connection.state).toBe('live'));
      await supabase.removeAllChannels();
      await writeLines(db.owner, [runId], 1);
      await eventually(() => expect(events.length).toBe(3 + round));
    }
    watch.stop();
  });

  it('stops with the reason of its signal', async () => {
    const { db, task, workspace } = live;
    const runId = await createRunningRun(db.owner, task);
    const { durabase, supabase } = live.person(workspace.users.viewer);
    const stop = new AbortController();
    const watch = durabase.watch(runId, { signal: stop.signal });
    const iterator = watch[Symbol.asyncIterator]();
    for (const seq of oneTo(3)) expect(await iterator.next()).toMatchObject({ value: { seq } });
    const next = iterator.next();
    stop.abort(new Error('the user went away'));
    await expect(next).rejects.toThrow('the user went away');
    await expect(watch.done).rejects.toThrow('the user went away');
    await eventually(() => expect(supabase.getChannels()).toEqual([]));
    const late = durabase.watch(runId, { signal: stop.signal });
    await expect(late[Symbol.asyncIterator]().next()).rejects.toThrow('the user went away');
  });
});
