import { beforeAll, describe, expect, it } from '@jest/globals';
import { type RunEvent, runEvent, runStreamEnd } from '@durabase/contracts/api/run';
import { createReadyTask, createWorkspace, type ReadyTask, startRun, type Workspace } from '../../support/build-rows.ts';
import { inShort } from '../support/test-api.ts';
import { useApi } from '../support/use-api.ts';
import { finishRun, sequence, startLiveRun, upTo, writeEvent, writeEvents } from './support/live-run.ts';
import { openStream, type StreamOptions } from './support/open-stream.ts';

const used = useApi({ streams: { maxPerCaller: 1_000 } });
let acme: Workspace;
let task: ReadyTask;
let editor: string;

beforeAll(async () => {
  acme = await createWorkspace(used.database.owner);
  task = await createReadyTask(used.database.owner, acme.id);
  editor = acme.users.editor;
});

const pathOf = (runId: string, query = ''): string => `/api/v1/runs/${runId}/events${query}`;
const open = (runId: string, options: StreamOptions = {}, query = '') =>
  openStream(used.api, pathOf(runId, query), { as: editor, ...options });

/** A run that has ended, with this many events. */
async function endedRun(count: number): Promise<string> {
  const { id, lastSeq } = await startLiveRun(used.database.owner, task);
  await writeEvents(used.database.owner, id, count - lastSeq - 1);
  await finishRun(used.database.owner, id);
  return id;
}

describe('what a caller gets', () => {
  it.each([
    ['nothing', undefined, 'application/json'],
    ['anything', '*/*', 'application/json'],
    ['JSON or a stream', 'application/json, text/event-stream', 'application/json'],
    ['JSON rather than a stream', 'text/event-stream;q=0.5, application/json', 'application/json'],
    ['something else', 'text/html', 'application/json'],
    ['a stream', 'text/event-stream', 'text/event-stream'],
    ['a stream rather than anything else', 'text/event-stream, */*;q=0.1', 'text/event-stream'],
  ])('who accepts %s', async (_name, accept, type) => {
    const id = await endedRun(5);
    const headers: Record<string, string> = accept === undefined ? {} : { accept };
    const response = await fetch(`${used.api.url}${pathOf(id)}`, {
      headers: { ...headers, authorization: `Bearer ${await used.api.auth.sign(editor)}` },
    });
    expect(response.headers.get('content-type')).toContain(type);
    expect(response.headers.get('vary')).toBe('Accept');
    await response.text();
  });

  it('is the same events as in the list, each under its number and kind, then the end', async () => {
    const id = await endedRun(7);
    const stream = await open(id);
    await stream.ended();
    const { items } = (await used.api.call<{ items: readonly RunEvent[] }>('GET', pathOf(id), { as: editor })).body;
    expect(items).toHaveLength(7);
    const last = stream.messages.at(-1);
    expect(stream.messages.slice(0, -1)).toEqual(items.map((data) => ({ id: String(data.seq), event: data.kind, data })));
    expect(items.map((item) => runEvent.parse(item))).toEqual(items);
    expect(last).toEqual({ id: undefined, event: 'end', data: { state: 'completed', lastSeq: 7 } });
    expect(runStreamEnd.parse(last?.data)).toEqual(last?.data);
    expect(stream.end).toBe('clean');
  });

  it('has the headers that keep it live, and a hint when to come back', async () => {
    const stream = await open(await endedRun(5), { headers: { 'accept-encoding': 'gzip, br' } });
    await stream.ended();
    expect(stream.status).toBe(200);
    expect(stream.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
    expect(stream.headers['content-encoding']).toBeUndefined();
    expect(stream.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(stream.text).toMatch(/^retry: \d{4}\n\n/);
  });

  it('comes to an end also for a run that never started, and for who has everything', async () => {
    const { id } = await startRun(used.database.owner, task);
    await used.database.owner.query('select durabase.cancel_run($1)', [id]);
    const stream = await open(id);
    await stream.ended();
    const { lastSeq } = runStreamEnd.parse(stream.messages.at(-1)?.data);
    expect(stream.ids()).toEqual(upTo(lastSeq));
    const again = await open(id, { headers: { 'last-event-id': String(lastSeq) } });
    await again.ended();
    expect(again.messages).toEqual([{ id: undefined, event: 'end', data: { state: 'cancelled', lastSeq } }]);
  });

  it('holds line breaks and what looks like fields inside its data', async () => {
    const { id, lastSeq } = await startLiveRun(used.database.owner, task);
    const text = 'a\n\nevent: end\ndata: {}\r\n\r\n\u2028id: 99';
    await writeEvent(used.database.owner, id, { text });
    const kind = 'bad\nid: 99\r\ndata: 1';
    await used.database.owner.query('select durabase_private.follow_step($1, $2, null, null, null, null)', [id, kind]);
    await finishRun(used.database.owner, id);
    const stream = await open(id);
    await stream.ended();
    expect(stream.ids()).toEqual(upTo(lastSeq + 3));
    expect(stream.messages[lastSeq]).toMatchObject({ event: 'step.log', data: { data: { text } } });
    expect(stream.messages[lastSeq + 1]).toMatchObject({ event: 'bad id: 99 data: 1', data: { kind } });
  });
});

describe('going on', () => {
  it('after a cut at any event gives exactly the rest', async () => {
    const count = 9;
    const id = await endedRun(count);
    for (const k of upTo(count, 0)) {
      const byHeader = await open(id, { headers: { 'last-event-id': String(k) } });
      const byQuery = await open(id, {}, `?after=${k}`);
      await Promise.all([byHeader.ended(), byQuery.ended()]);
      expect([k, ...byHeader.ids()]).toEqual(upTo(count, k));
      expect([k, ...byQuery.ids()]).toEqual(upTo(count, k));
    }
  });

  it('believes the header before the query, as a client that comes back repeats its first address', async () => {
    const stream = await open(await endedRun(6), { headers: { 'last-event-id': '4' } }, '?after=1');
    await stream.ended();
    expect(stream.ids()).toEqual([5, 6]);
  });

  it.each(upTo(6))('while the run goes on, cut after every %i events, gives 1…n', async (k) => {
    const total = 24;
    const { id, lastSeq } = await startLiveRun(used.database.owner, task);
    const writing = (async () => {
      for (const n of upTo(total - 1, lastSeq + 1)) {
        await writeEvent(used.database.owner, id, { n });
        await sequence(used.database);
      }
      await finishRun(used.database.owner, id);
      await sequence(used.database);
    })();
    const seen: number[] = [];
    while (seen.at(-1) !== total) {
      const stream = await open(id, seen.length === 0 ? {} : { headers: { 'last-event-id': String(seen.at(-1)) } });
      await stream.received(Math.min(k, total - seen.length));
      stream.leave();
      seen.push(...stream.ids().slice(0, k));
    }
    await writing;
    expect(seen).toEqual(upTo(total));
  });

  it('passes through more events than one read takes', async () => {
    const id = await endedRun(1_234);
    const stream = await open(id);
    await stream.ended();
    expect(stream.ids()).toEqual(upTo(1_234));
  });

  it('says at the beginning that the run has not come so far', async () => {
    const { id } = await startLiveRun(used.database.owner, task);
    const refusal = await used.api.refusal('GET', pathOf(id, '?after=1000'), {
      as: editor,
      headers: { accept: 'text/event-stream' },
    });
    expect([inShort(refusal), refusal.path]).toEqual(['410 CHANGES_PRUNED', 'after']);
  });
});

describe('live events', () => {
  it('come in order while they are written, and the stream ends with the run', async () => {
    const { id, lastSeq } = await startLiveRun(used.database.owner, task);
    const stream = await open(id);
    await stream.received(lastSeq);
    for (const n of upTo(5)) {
      await writeEvent(used.database.owner, id, { n });
      await sequence(used.database);
      await stream.received(lastSeq + n);
    }
    await writeEvents(used.database.owner, id, 300);
    await sequence(used.database);
    await stream.received(lastSeq + 305);
    expect(stream.end).toBe('none');
    await finishRun(used.database.owner, id);
    await sequence(used.database);
    await stream.ended();
    expect(stream.ids()).toEqual(upTo(lastSeq + 306));
    expect(stream.messages.at(-1)).toMatchObject({ event: 'end', data: { state: 'completed', lastSeq: lastSeq + 306 } });
  });

  it('miss nothing when they are written while the stream begins', async () => {
    const streams = await Promise.all(
      upTo(10).map(async () => {
        const { id, lastSeq } = await startLiveRun(used.database.owner, task);
        const opening = open(id);
        await writeEvent(used.database.owner, id);
        const sequencing = sequence(used.database);
        await finishRun(used.database.owner, id);
        await sequencing;
        await sequence(used.database);
        return { stream: await opening, count: lastSeq + 2 };
      }),
    );
    for (const { stream, count } of streams) {
      await stream.ended();
      expect(stream.ids()).toEqual(upTo(count));
    }
  });
});
