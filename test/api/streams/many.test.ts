import { beforeAll, describe, expect, it } from '@jest/globals';
import { addMember, createReadyTask, createWorkspace, type ReadyTask, type Workspace } from '../../support/build-rows.ts';
import { eventually } from '../../support/eventually.ts';
import { useApi } from '../support/use-api.ts';
import { finishRun, sequence, startLiveRun, upTo, writeEvent } from './support/live-run.ts';
import { openStream } from './support/open-stream.ts';

const STREAMS = 200;
const USERS = 10;
const CHANGES = 8;

const counts = new Map<string, number>();
const used = useApi({
  streams: { pingMs: 3_600_000, pollMs: 3_600_000 },
  onStatement: (name) => counts.set(name, (counts.get(name) ?? 0) + 1),
});
const countOf = (name: string): number => counts.get(name) ?? 0;
let acme: Workspace;
let task: ReadyTask;

beforeAll(async () => {
  acme = await createWorkspace(used.database.owner);
  task = await createReadyTask(used.database.owner, acme.id);
});

describe('200 streams on one run', () => {
  it('hear everything, with one look for all and one read for each at most, whatever changes', async () => {
    const users = await Promise.all(
      upTo(USERS).map(() => addMember(used.database.owner, { workspaceId: acme.id, role: 'viewer' })),
    );
    const { id, lastSeq } = await startLiveRun(used.database.owner, task);
    await sequence(used.database);
    const streams = await Promise.all(
      upTo(STREAMS).map((n) => openStream(used.api, `/api/v1/runs/${id}/events`, { as: users[n % USERS] ?? '' })),
    );
    const all = (count: number) => Promise.all(streams.map((stream) => stream.received(count)));
    await writeEvent(used.database.owner, id);
    await sequence(used.database);
    await all(lastSeq + 1); // by now the watch has begun

    const before = { looks: countOf('api_changed'), reads: countOf('api_read_run_feed') };
    for (const n of upTo(CHANGES)) {
      await writeEvent(used.database.owner, id, { n });
      await sequence(used.database);
      await all(lastSeq + 1 + n);
    }
    expect(countOf('api_changed') - before.looks).toBeLessThanOrEqual(CHANGES + 1);
    // each was read before it was told of once at most
    expect(countOf('api_read_run_feed') - before.reads).toBeLessThanOrEqual(STREAMS * (CHANGES + 1));

    const burst = { looks: countOf('api_changed'), reads: countOf('api_read_run_feed') };
    for (const n of upTo(50)) {
      await writeEvent(used.database.owner, id, { n });
      await sequence(used.database);
    }
    await all(lastSeq + 1 + CHANGES + 50);
    expect(countOf('api_changed') - burst.looks).toBeLessThanOrEqual(51);
    expect(countOf('api_read_run_feed') - burst.reads).toBeLessThanOrEqual(STREAMS * 51);
    for (const stream of streams) expect(stream.ids()).toEqual(upTo(lastSeq + 1 + CHANGES + 50));

    await finishRun(used.database.owner, id);
    await sequence(used.database);
    await Promise.all(streams.map((stream) => stream.ended()));
    expect(new Set(streams.map((stream) => stream.messages.at(-1)?.event))).toEqual(new Set(['end']));
    await eventually(async () => expect((await used.api.call('GET', '/metrics')).text).toMatch(/^durabase_streams_open 0$/m));
  });
});
