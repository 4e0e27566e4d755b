import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createReadyTask, createWorkspace, type ReadyTask, type Workspace } from '../../support/build-rows.ts';
import { useDatabase } from '../../support/use-database.ts';
import { inShort, startTestApi, type TestApi, withApi } from '../support/test-api.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { finishRun, sequence, startLiveRun, upTo, writeEvent, writeEvents } from './support/live-run.ts';
import { openStream } from './support/open-stream.ts';

let api: TestApi;
let proxy: TcpProxy;
/** Called when a stream is about to read. */
let onRead = (): void => {};
afterAll(async () => {
  await api.close();
  await proxy.close();
});
const database = useDatabase();
let acme: Workspace;
let task: ReadyTask;

beforeAll(async () => {
  proxy = await startTcpProxy(database.urls.gatewayUrl);
  api = await startTestApi({ gatewayUrl: proxy.url, streams: { pollMs: 300, pingMs: 3_600_000 }, onStatement });
  acme = await createWorkspace(database.owner);
  task = await createReadyTask(database.owner, acme.id);
});

const onStatement = (name: string): void => {
  if (name === 'api_read_run_feed') onRead();
};
const pathOf = (runId: string): string => `/api/v1/runs/${runId}/events`;

describe('while the database is away', () => {
  it.each([
    ['is gone', () => proxy.cut()],
    [
      'says nothing, and is then gone',
      async () => {
        proxy.freeze();
        await proxy.cut();
      },
    ],
  ])('streams stay open when it %s, and go on with nothing missing', async (_name, takeAway) => {
    const { id, lastSeq } = await startLiveRun(database.owner, task);
    const as = acme.users.viewer;
    const run = await openStream(api, pathOf(id), { as });
    const feed = await openStream(api, `/api/v1/feeds/workspace:${acme.id}/changes`, { as });
    await sequence(database);
    await Promise.all([run.received(lastSeq), feed.received(1)]);
    for (const round of upTo(3)) {
      await takeAway();
      await writeEvents(database.owner, id, 5);
      await sequence(database);
      const refused = await api.refusal('GET', pathOf(id), { as, headers: { accept: 'text/event-stream' } });
      expect(inShort(refused)).toBe('503 DATABASE_UNAVAILABLE');
      expect([run.end, feed.end]).toEqual(['none', 'none']);
      await proxy.restore();
      await run.received(lastSeq + 5 * round);
    }
    await finishRun(database.owner, id);
    await sequence(database);
    await run.ended();
    expect(run.ids()).toEqual(upTo(lastSeq + 16));
    expect(run.messages.at(-1)?.event).toBe('end');
    const { rows } = await database.owner.query<{ last_seq: string }>(
      'select last_seq from durabase_private.feed_counters where feed = $1',
      [`workspace:${acme.id}`],
    );
    await feed.received(Number(rows[0]?.last_seq));
    expect(feed.ids()).toEqual(upTo(Number(rows[0]?.last_seq)));
    feed.leave();
  });
});

describe('when the database goes away under a read', () => {
  it('the stream reads again, though it is told of nothing more', async () => {
    const { id, lastSeq } = await startLiveRun(database.owner, task);
    await sequence(database);
    const stream = await openStream(api, pathOf(id), { as: acme.users.viewer });
    await stream.received(lastSeq);
    const cut = Promise.withResolvers<void>();
    onRead = () => {
      onRead = () => {};
      proxy.cut().then(cut.resolve, cut.reject);
    };
    await writeEvent(database.owner, id);
    await sequence(database);
    await cut.promise;
    await proxy.restore();
    await stream.received(lastSeq + 1);
    expect(stream.ids()).toEqual(upTo(lastSeq + 1));
    stream.leave();
  });
});

describe('where notifications do not come through', () => {
  it('news are found by looking now and then', async () => {
    const options = { gatewayUrl: database.urls.gatewayUrl, isNotified: false, streams: { pollMs: 50, pingMs: 3_600_000 } };
    await withApi(options, async (deaf) => {
      const { id, lastSeq } = await startLiveRun(database.owner, task);
      const stream = await openStream(deaf, pathOf(id), { as: acme.users.viewer });
      for (const n of upTo(3)) {
        await writeEvent(database.owner, id);
        await sequence(database);
        await stream.received(lastSeq + n);
      }
      await finishRun(database.owner, id);
      await sequence(database);
      await stream.ended();
      expect(stream.ids()).toEqual(upTo(lastSeq + 4));
    });
  });
});
