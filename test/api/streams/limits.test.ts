import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createReadyTask, createUser, createWorkspace, type ReadyTask, type Workspace } from '../../support/build-rows.ts';
import { readValue } from '../../support/call.ts';
import { eventually } from '../../support/eventually.ts';
import { useApi } from '../support/use-api.ts';
import { finishRun, sequence, startLiveRun, upTo, writeEvent } from './support/live-run.ts';
import { openStream, type OpenStream, type StreamOptions } from './support/open-stream.ts';

/** Of which runs the API read events. */
const reads: unknown[] = [];
let lookCount = 0;
const used = useApi({
  streams: { maxPerCaller: 3, maxPerProcess: 5, pingMs: 40, stallMs: 2_000 },
  onStatement: (name, [id]) => {
    if (name === 'api_read_run_feed') reads.push(id);
    if (name === 'api_changed') lookCount += 1;
  },
});
let acme: Workspace;
let task: ReadyTask;
let runId: string;
let lastSeq: number;

beforeAll(async () => {
  acme = await createWorkspace(used.database.owner);
  task = await createReadyTask(used.database.owner, acme.id);
  ({ id: runId, lastSeq } = await startLiveRun(used.database.owner, task));
});

const streams: OpenStream[] = [];
const open = async ({ asService = false, ...options }: StreamOptions = {}, id = runId): Promise<OpenStream> => {
  const caller = asService ? { asService } : { as: acme.users.editor };
  const stream = await openStream(used.api, `/api/v1/runs/${id}/events`, { ...caller, ...options });
  streams.push(stream);
  return stream;
};
const openCount = async (): Promise<number> => {
  const { text } = await used.api.call('GET', '/metrics');
  return Number(/^durabase_streams_open (\d+)$/m.exec(text)?.[1]);
};
const listenerCount = (): Promise<number> =>
  readValue<number>(
    used.database.owner,
    `select count(*)::int from pg_stat_activity
     where datname = current_database() and application_name = 'durabase listener (durabase_changes)'`,
  );
const becomes = (count: number) => eventually(async () => expect(await openCount()).toBe(count));

afterEach(async () => {
  for (const stream of streams.splice(0)) stream.leave();
  await becomes(0);
});

describe('how many streams there may be', () => {
  it('is bounded for each caller, whatever they follow, and one that is left makes room', async () => {
    for (const n of upTo(3)) expect([n, (await open()).status]).toEqual([n, 200]);
    const refused = [
      await open(),
      await openStream(used.api, `/api/v1/feeds/workspace:${acme.id}/changes`, { as: acme.users.editor }),
    ];
    for (const stream of refused) {
      await stream.ended();
      expect(stream.status).toBe(429);
      expect(Number(stream.headers['retry-after'])).toBeGreaterThan(0);
      expect(JSON.parse(stream.text)).toMatchObject({
        code: 'TOO_MANY_STREAMS',
        detail: expect.stringContaining('3 streams') as unknown,
      });
    }
    expect((await open({ as: acme.users.viewer })).status).toBe(200);
    expect((await open({ asService: true })).status).toBe(200);
    streams[0]?.leave();
    await becomes(4);
    expect((await open()).status).toBe(200);
  });

  it('is bounded for the process', async () => {
    for (const as of [acme.users.editor, acme.users.viewer])
      for (const _ of upTo(2)) expect((await open({ as })).status).toBe(200);
    expect((await open({ as: acme.users.admin })).status).toBe(200);
    const refused = await open({ as: acme.users.owner });
    await refused.ended();
    expect([refused.status, JSON.parse(refused.text)]).toMatchObject([429, { code: 'TOO_MANY_STREAMS' }]);
  });

  it('is not used up by streams that were refused or have ended', async () => {
    const stranger = await createUser(used.database.owner);
    const { id } = await startLiveRun(used.database.owner, task);
    await finishRun(used.database.owner, id);
    for (const _ of upTo(10)) {
      expect((await open({ as: stranger })).status).toBe(404);
      const ended = await open({}, id);
      await ended.ended();
      expect(ended.status).toBe(200);
    }
    await becomes(0);
  });
});

describe('what streams hold', () => {
  it('is a listening connection while there are any, and nothing when the last client is gone', async () => {
    await eventually(async () => expect(await listenerCount()).toBe(0));
    await open();
    await open({ as: acme.users.viewer });
    expect(await openCount()).toBe(2);
    await eventually(async () => expect(await listenerCount()).toBe(1));
    streams[0]?.leave();
    await becomes(1);
    expect(await listenerCount()).toBe(1);
    expect(used.api.lines.findLast(({ fields }) => 'openMs' in fields)).toMatchObject({
      event: 'http.answered',
      fields: { status: 200, ended: 'gone' },
    });
    streams[1]?.leave();
    await becomes(0);
    await eventually(async () => expect(await listenerCount()).toBe(0));
    const before = lookCount;
    await writeEvent(used.database.owner, runId);
    lastSeq += 1;
    await sequence(used.database);
    const later = await open();
    await later.received(lastSeq);
    expect(later.ids()).toEqual(upTo(lastSeq));
    await eventually(() => expect(lookCount).toBeGreaterThan(before));
  });

  it('is given back when a client goes away before its stream has begun', async () => {
    for (const _ of upTo(20)) {
      const controller = new AbortController();
      const asking = fetch(`${used.api.url}/api/v1/runs/${runId}/events`, {
        signal: controller.signal,
        headers: { accept: 'text/event-stream', authorization: `Bearer ${await used.api.auth.sign(acme.users.editor)}` },
      }).catch(() => undefined);
      const before = reads.length;
      await eventually(() => expect(reads.length).toBeGreaterThan(before), { everyMs: 1 });
      controller.abort();
      await asking;
    }
    await becomes(0);
    await eventually(async () => expect(await listenerCount()).toBe(0));
  });
});

describe('a stream on which nothing happens', () => {
  it('says now and then that it lives, in comments', async () => {
    const stream = await open();
    await eventually(() => expect(stream.text.match(/^: ping$/gm)?.length).toBeGreaterThan(3));
    expect(stream.ids()).toEqual(upTo(lastSeq));
    expect(stream.text.replaceAll(': ping\n\n', '')).toMatch(/^retry: \d+\n\n(?:id: \d+\nevent: \S+\ndata: \{.*\}\n\n)*$/);
  });
});

describe('a reader that is slow', () => {
  /** Far more than sockets buffer on the way: 20 KB each. */
  async function longRun(eventCount: number): Promise<{ readonly id: string; readonly count: number }> {
    const long = await startLiveRun(used.database.owner, task);
    await used.database.owner.query(
      `select durabase_private.follow_step($1, 'step.log', 'hello', 0, 1, jsonb_build_object('text', repeat('x', 20000)))
       from generate_series(1, $2)`,
      [long.id, eventCount],
    );
    await finishRun(used.database.owner, long.id);
    return { id: long.id, count: long.lastSeq + eventCount + 1 };
  }

  it('is not read for, is cut when it takes nothing for long, and goes on where it was', async () => {
    const { id, count } = await longRun(3_000);
    const stream = await open({}, id);
    stream.pause();
    await becomes(0); // cut
    const readCount = reads.filter((read) => read === id).length;
    expect(readCount).toBeLessThan(count / 200);
    const line = used.api.lines.findLast(({ fields }) => fields['ended'] === 'stalled');
    expect(line).toMatchObject({ event: 'http.answered', fields: { route: '/api/v1/runs/:run/events', status: 200 } });
    stream.resume();
    await stream.ended();
    expect(stream.end).toBe('cut');
    const got = stream.ids();
    expect(got).toEqual(upTo(got.length));
    const rest = await open({ headers: { 'last-event-id': String(got.length) } }, id);
    await rest.ended();
    expect([...got, ...rest.ids()]).toEqual(upTo(count));
  });

  it('gets everything when it takes something now and then', async () => {
    const { id, count } = await longRun(1_000);
    const stream = await open({}, id);
    while (stream.end === 'none') {
      stream.pause();
      await new Promise((resolve) => setImmediate(resolve));
      stream.resume();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect([stream.end, stream.ids().length]).toEqual(['clean', count]);
  });
});
