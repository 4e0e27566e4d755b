import { describe, expect, it } from '@jest/globals';
import type { Change, FeedItem } from '../../packages/client/src/index.ts';
import { createReadyTask } from '../support/build-rows.ts';
import { eventually } from '../support/eventually.ts';
import { readValue } from '../support/call.ts';
import { useLive } from './support/use-live.ts';
import { createRunningRun, finishRun, writeLines } from './support/writers.ts';

const ROUNDS = 20;
const WRITERS = 5;
const CHANGES = 10_000;

describe('watching a workspace', () => {
  const live = useLive();
  const feed = () => `workspace:${live.workspace.id}`;
  const lastSeq = async (): Promise<number> =>
    Number(await readValue(live.db.owner, 'select last_seq from durabase_private.feed_counters where feed = $1', [feed()]));
  /** Everything that was written has its number. */
  const numbered = async (): Promise<number> =>
    eventually(async () => {
      expect(await readValue(live.db.owner, 'select count(*)::int from durabase_private.feed_inbox')).toBe(0);
      return lastSeq();
    });
  const isChange = (item: FeedItem): item is Change => item.type === 'change';

  it(`misses and doubles none of ${CHANGES} changes by ${WRITERS} writers over ${ROUNDS} disconnections`, async () => {
    const { db, task, workspace } = live;
    const runs = await Promise.all(Array.from({ length: WRITERS * 2 }, () => createRunningRun(db.owner, task)));
    const network = await live.network();
    const { durabase } = live.person(workspace.users.viewer, { url: network.url });
    const items: FeedItem[] = [];
    const states: string[] = [];
    const watch = durabase.watch({
      workspace: workspace.id,
      onItem: (item) => items.push(item),
      onConnection: ({ state }) => states.push(state),
    });
    const { [feed()]: start = Number.NaN } = await watch.ready;
    for (let round = 0; round < ROUNDS; round += 1) {
      await eventually(() => expect(watch.connection.state).toBe('live'), { timeoutMs: 20_000 });
      const seen = items.length;
      const writing = Array.from({ length: WRITERS }, (_, writer) =>
        writeLines(db.owner, runs.slice(writer * 2, writer * 2 + 2), CHANGES / ROUNDS / WRITERS),
      );
      await eventually(() => expect(items.length).toBeGreaterThan(seen));
      await network.cut();
      await network.restore();
      await Promise.all(writing);
    }
    const last = await numbered();
    expect(last - start).toBeGreaterThanOrEqual(CHANGES);
    await eventually(() => expect(items.at(-1)).toMatchObject({ seq: last }), { timeoutMs: 20_000 });
    const expected = Array.from({ length: last - start }, (_, index) => start + 1 + index);
    expect(items.filter(isChange).map(({ seq }) => seq)).toEqual(expected);
    expect(items.length).toBe(expected.length);
    expect(states.filter((state) => state === 'reconnecting').length).toBeGreaterThanOrEqual(ROUNDS - 1);
    watch.stop();
  }, 180_000);

  it('takes in no more than a slow consumer can hold, and fetches the rest when he has read', async () => {
    const { db, task, workspace } = live;
    const runId = await createRunningRun(db.owner, task);
    await numbered();
    const { durabase, requests } = live.person(workspace.users.viewer);
    const watch = durabase.watch({ workspace: workspace.id, maxUnread: 100 });
    const { [feed()]: start = Number.NaN } = await watch.ready;
    const iterator = watch[Symbol.asyncIterator]();
    await eventually(() => expect(watch.connection.state).toBe('live'));
    const from = start + 1;
    await writeLines(db.owner, [runId], 3_000);
    await eventually(async () => expect(await lastSeq()).toBe(from + 2_999));
    expect(requests.get('changes_since') ?? 0).toBeLessThanOrEqual(1);
    const seqs: number[] = [];
    while (seqs.at(-1) !== from + 2_999) {
      const { value } = await iterator.next();
      seqs.push((value as Change).seq);
    }
    expect(seqs).toEqual(Array.from({ length: from + 2_999 - start }, (_, index) => start + 1 + index));
    // at most 100 + 400 + 500 were taken in unread
    expect(requests.get('changes_since')).toBeGreaterThanOrEqual(4);
    await iterator.return?.();
  }, 60_000);

  it('asks nothing about changes that the messages tell completely', async () => {
    const { db, task, workspace } = live;
    const runId = await createRunningRun(db.owner, task);
    await numbered();
    const { durabase, requests } = live.person(workspace.users.viewer);
    const items: FeedItem[] = [];
    const watch = durabase.watch({ workspace: workspace.id, onItem: (item) => items.push(item) });
    await eventually(() => expect(watch.connection.state).toBe('live'));
    const before = items.length;
    for (let written = 1; written <= 20; written += 1) {
      await writeLines(db.owner, [runId], 1);
      await eventually(() => expect(items.length).toBe(before + written));
    }
    expect(requests.get('changes_since') ?? 0).toBeLessThanOrEqual(1);
    watch.stop();
  });

  it('adds the runs, never an older version than before', async () => {
    const { db, task, workspace } = live;
    const runs = await Promise.all([1, 2, 3].map(() => createRunningRun(db.owner, task)));
    await numbered();
    const { durabase } = live.person(workspace.users.viewer);
    const newest = new Map<string, number>();
    const items: Change[] = [];
    const watch = durabase.watch({
      workspace: workspace.id,
      includeRuns: true,
      filter: { kinds: ['run'], ids: runs },
      onItem: (item) => {
        if (item.type !== 'change') return;
        items.push(item);
        if (item.run === undefined) return;
        expect(item.run.version).toBeGreaterThanOrEqual(item.version);
        expect(item.run.version).toBeGreaterThan(newest.get(item.id) ?? 0);
        newest.set(item.id, item.run.version);
      },
    });
    await eventually(() => expect(watch.connection.state).toBe('live'));
    const before = items.length;
    await Promise.all(runs.map((run) => writeLines(db.owner, [run], 100)));
    await eventually(() => expect(items.length - before).toBe(300));
    for (const run of runs) expect(newest.get(run)).toBe((await durabase.getRun(run)).version);
    watch.stop();
    await watch.done;
  });

  it('hands out only what the filter lets through, without losing its place', async () => {
    const { db, task, workspace } = live;
    const other = await createReadyTask(db.owner, workspace.id, { slug: 'other' });
    const { durabase } = live.person(workspace.users.viewer);
    const ended: FeedItem[] = [];
    const others: FeedItem[] = [];
    const watches = [
      durabase.watch({ workspace: workspace.id, filter: { states: ['completed'] }, onItem: (item) => ended.push(item) }),
      durabase.watch({
        workspace: workspace.id,
        filter: { taskId: other.id, kinds: ['run'] },
        onItem: (item) => others.push(item),
      }),
    ];
    for (const watch of watches) await eventually(() => expect(watch.connection.state).toBe('live'));
    const runId = await createRunningRun(db.owner, task);
    const otherId = await createRunningRun(db.owner, other);
    await finishRun(db.owner, runId);
    await finishRun(db.owner, otherId);
    await eventually(() => expect(ended).toMatchObject([{ id: runId }, { id: otherId }]));
    await eventually(() => expect(others.at(-1)).toMatchObject({ id: otherId, state: 'completed' }));
    expect(others.every((item) => item.type === 'change' && item.id === otherId && item.taskId === other.id)).toBe(true);
    for (const watch of watches) watch.stop();
  });

  it('hands out a resync where the numbers are no longer kept, and goes on', async () => {
    const { db, task, workspace } = live;
    const runId = await createRunningRun(db.owner, task);
    await numbered();
    await readValue(db.owner, "select durabase_private.prune_changes('0 seconds', 1000000)");
    const pruned = await lastSeq();
    const { durabase } = live.person(workspace.users.viewer);
    const items: FeedItem[] = [];
    const watch = durabase.watch({ workspace: workspace.id, after: { [feed()]: 3 }, onItem: (item) => items.push(item) });
    await eventually(() => expect(watch.connection.state).toBe('live'));
    expect(items).toEqual([{ type: 'resync', feed: feed(), after: pruned, reason: 'pruned' }]);
    await writeLines(db.owner, [runId], 2);
    await eventually(() => expect(items.slice(1)).toMatchObject([{ seq: pruned + 1 }, { seq: pruned + 2 }]));
    watch.stop();
  });

  it('needs no gap between a snapshot and what follows', async () => {
    const { db, task, workspace } = live;
    const { durabase } = live.person(workspace.users.viewer);
    const versions = new Map<string, number>();
    const runs = await Promise.all([1, 2, 3, 4].map(() => createRunningRun(db.owner, task)));
    const writing = Promise.all(runs.map((run) => writeLines(db.owner, [run], 400)));
    const watch = durabase.watch({ workspace: workspace.id, filter: { kinds: ['run'] } });
    await watch.ready;
    for await (const run of durabase.listRuns({ workspace: workspace.id })) versions.set(run.id, run.version);
    await writing;
    const last = await numbered();
    for await (const item of watch) {
      if (item.type !== 'change') throw new Error('nothing was pruned');
      versions.set(item.id, Math.max(versions.get(item.id) ?? 0, item.version));
      if (item.seq === last) break;
    }
    for await (const run of durabase.listRuns({ workspace: workspace.id })) expect(versions.get(run.id)).toBe(run.version);
  }, 30_000);
});
