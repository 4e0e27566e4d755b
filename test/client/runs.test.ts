import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createClient } from '@supabase/supabase-js';
import { run as runSchema, runEvent } from '../../packages/contracts/src/api/run.ts';
import {
  createDurabase,
  type Durabase,
  type DurabaseError,
  isDurabaseError,
  isRunFailedError,
  type Run,
  type RunEvent,
} from '../../packages/client/src/index.ts';
import { startTcpProxy } from '../api/support/tcp-proxy.ts';
import { eventually } from '../support/eventually.ts';
import { useEngine } from '../support/use-engine.ts';
import { type Endpoint, startEndpoint } from './support/endpoint.ts';
import { createPerson } from './support/people.ts';

const LARGE = 'x'.repeat(100_000);

const refusal = async (promise: Promise<unknown>): Promise<DurabaseError> => {
  const error = await promise.then(
    (value) => new Error(`it was not refused: ${JSON.stringify(value)}`),
    (caught: unknown) => caught,
  );
  if (!isDurabaseError(error)) throw error;
  return error;
};

describe('runs by the client', () => {
  const engine = useEngine();
  let endpoint: Endpoint;
  let durabase: Durabase;

  beforeAll(async () => {
    endpoint = await startEndpoint(engine.db.urls);
    durabase = createPerson(endpoint, engine.userId).durabase;
    await engine.startWorker();
    const answers = { '/large': { text: LARGE }, '/odd': { text: 'nul \u0000, lone \ud800' } };
    for (const [path, body] of Object.entries(answers)) {
      engine.target.on(
        path,
        (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body)),
      );
    }
    const call = (path: string) => ({ action: 'http', with: { url: `${engine.target.url}${path}` } });
    await engine.saveTask({
      slug: 'quick',
      steps: [{ id: 'call', ...call('/quick') }],
      output: { got: '{{ steps.call.output.body }}' },
    });
    await engine.saveTask({
      slug: 'large',
      steps: [{ id: 'call', ...call('/large') }],
      output: { got: '{{ steps.call.output.body }}' },
    });
    await engine.saveTask({ slug: 'odd', steps: [{ id: 'call', ...call('/odd') }], output: '{{ steps.call.output.body.text }}' });
    await engine.saveTask({ slug: 'nap', action: 'sleep', with: { duration: '1 hour' } });
    await engine.saveTask({ slug: 'broken', ...call('/broken'), retry: { maxAttempts: 1 } });
    engine.target.on('/broken', (_, response) => void response.writeHead(500).end('{}'));
  }, 60_000);

  afterAll(async () => {
    await durabase.close();
    await endpoint.close();
  });

  it('starts a run, follows it to its end and gives its output', async () => {
    const handle = await durabase.start<{ readonly got: unknown }>('quick', { day: 'today' });
    expect(runSchema.parse(handle.run)).toMatchObject({ id: handle.id, state: 'queued', input: { day: 'today' } });
    const events: RunEvent[] = [];
    const states: string[] = [];
    const watching = handle.watch({ onState: (state) => states.push(state) }).done;
    for await (const event of handle.watch()) events.push(runEvent.parse(event));
    await watching;
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(states).toEqual(['queued', 'running', 'completed']);
    expect(await handle.result()).toEqual({ got: {} });
    expect(runSchema.parse(await handle.get())).toMatchObject({ state: 'completed', lastEventSeq: events.length });
    const listed: RunEvent[] = [];
    for await (const event of handle.events({ after: 2 })) listed.push(event);
    expect(listed).toEqual(events.slice(2));
  });

  it('waits for the result of a run that is not over, many of them over one socket', async () => {
    const handles = await Promise.all(Array.from({ length: 10 }, () => durabase.start('quick')));
    const outputs = await Promise.all(handles.map((handle) => handle.result()));
    expect(outputs).toEqual(handles.map(() => ({ got: {} })));
  });

  it('fetches outputs that stand apart, and gives back what Postgres cannot store', async () => {
    const large = await durabase.start('large');
    expect(await large.result()).toEqual({ got: { text: LARGE } });
    expect((await large.get()).output).toBeNull();
    const odd = await durabase.start('odd');
    expect(await odd.result()).toBe('nul \u0000, lone \ud800');
  });

  it('says of a run that did not complete why, and how it ended', async () => {
    const broken = await refusal(durabase.result(await durabase.start('broken')));
    expect(broken).toMatchObject({ name: 'RunFailedError', code: 'HTTP_STATUS', run: { state: 'failed' } });
    expect(isRunFailedError(broken)).toBe(true);

    const nap = await durabase.start('nap');
    const waiting = refusal(nap.result());
    await eventually(async () => expect((await nap.get()).state).toBe('waiting'));
    expect(await nap.cancel({ reason: 'it was enough' })).toMatchObject({ cancelReason: 'it was enough' });
    expect(await waiting).toMatchObject({ code: 'RUN_CANCELLED', run: { state: 'cancelled' } });
    expect(await refusal(nap.cancel())).toMatchObject({ code: 'RUN_FINISHED', path: 'run', retryable: false });
  });

  it('stops waiting with the reason of a signal, and leaves the run alone', async () => {
    const nap = await durabase.start('nap');
    const stop = new AbortController();
    const waiting = nap.result({ signal: stop.signal });
    await eventually(async () => expect((await nap.get()).state).toBe('waiting'));
    stop.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    expect((await nap.get()).state).toBe('waiting');
    await nap.cancel();
  });

  it('gives the same run for the same key, and refuses it with another input', async () => {
    const first = await durabase.start('quick', { n: 1 }, { idempotencyKey: 'once' });
    const second = await durabase.start('quick', { n: 1 }, { idempotencyKey: 'once' });
    expect(second.id).toBe(first.id);
    const conflict = await refusal(durabase.start('quick', { n: 2 }, { idempotencyKey: 'once' }));
    expect(conflict).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT', path: 'idempotency_key', hint: expect.any(String) });
  });

  it('repeats a start with a key where no answer came, and starts one run', async () => {
    const network = await startTcpProxy(endpoint.url);
    const { durabase: shaky } = createPerson(endpoint, engine.userId, {
      url: network.url.replace(/\/$/, ''),
      timing: { callTimeoutMs: 300 },
    });
    network.freeze();
    const { code, retryable } = await refusal(shaky.start('quick'));
    expect([code, retryable]).toEqual(['UNREACHABLE', true]);
    const starting = shaky.start('quick', {}, { idempotencyKey: 'shaky' });
    await network.cut();
    await network.restore();
    const { id } = await starting;
    expect((await durabase.start('quick', {}, { idempotencyKey: 'shaky' })).id).toBe(id);
    await shaky.close();
    await network.close();
  });

  it('lists runs page by page, each once, while others start', async () => {
    await engine.saveTask({ slug: 'many', action: 'sleep', with: { duration: '1 hour' } });
    // several in each millisecond
    const { rows } = await engine.db.owner.query<{ readonly id: string }>(
      "select (durabase.start_run('many', workspace => $1)).id from generate_series(1, 23)",
      [engine.workspaceId],
    );
    const started = rows.map(({ id }) => id);
    const listed: Run[] = [];
    for await (const run of durabase.listRuns({ task: 'many', pageSize: 5 })) {
      if (listed.push(run) === 7) await durabase.start('many');
    }
    expect(listed.map(({ id }) => id)).toEqual(started.toReversed());
    const limited: Run[] = [];
    for await (const run of durabase.listRuns({ task: 'many', pageSize: 4, limit: 6 })) limited.push(run);
    expect(limited.length).toBe(6);
    const completed: Run[] = [];
    for await (const run of durabase.listRuns({ states: ['completed'], workspace: engine.workspaceId })) completed.push(run);
    expect(completed.length).toBeGreaterThan(10);
    expect(completed.every(({ state }) => state === 'completed')).toBe(true);
    for await (const run of durabase.listRuns({ task: 'many' })) await durabase.cancel(run);
  });

  it('searches runs by words and by who started them', async () => {
    const runAt = new Date(Date.now() + 3_600_000);
    const found: Run[] = [];
    for (const word of ['saffron', 'saffron', 'pepper'])
      found.push((await durabase.start('quick', { word }, { runAt, workspace: engine.workspaceId })).run);
    const [first, second, third] = found.map(({ id }) => id);
    const search = async (options: Parameters<typeof durabase.listRuns>[0]): Promise<readonly string[]> => {
      const ids: string[] = [];
      for await (const { id } of durabase.listRuns({ ...options, states: ['scheduled'], pageSize: 1 })) ids.push(id);
      return ids;
    };
    await eventually(async () => expect(await search({ search: 'saffron' })).toEqual([second, first]));
    const actor = found[0]?.actor.userId ?? '';
    expect(await search({ search: 'saffron or pepper', actor })).toEqual([third, second, first]);
    expect(await search({ actor })).toEqual([third, second, first]);
    expect(await search({ search: 'saffron', actor: engine.workspaceId })).toEqual([]);
    expect(await refusal(search({ search: 'x'.repeat(201) }))).toMatchObject({ code: 'INVALID_REQUEST', path: 'q' });
    for (const id of found) await durabase.cancel(id);
  });

  it('starts later, and with a priority', async () => {
    const runAt = new Date(Date.now() + 3_600_000);
    const { run } = await durabase.start('quick', {}, { runAt, priority: 1, workspace: engine.workspaceId });
    expect(run).toMatchObject({ state: 'scheduled', runAt: runAt.toISOString(), priority: 1 });
    await durabase.cancel(run);
  });

  it('translates refusals', async () => {
    const unknown = '00000000-0000-7000-8000-000000000000';
    expect(await refusal(durabase.start('nothing'))).toMatchObject({ code: 'TASK_NOT_FOUND', path: 'task' });
    expect(await refusal(durabase.getRun(unknown))).toMatchObject({ code: 'RUN_NOT_FOUND' });
    expect(await refusal(durabase.getRun('nonsense'))).toMatchObject({ code: 'INVALID_REQUEST' });
    expect(await refusal(durabase.cancel(unknown))).toMatchObject({ code: 'RUN_NOT_FOUND' });
    expect(await refusal(durabase.payload(unknown))).toMatchObject({ code: 'PAYLOAD_NOT_FOUND' });
    expect(await refusal(durabase.start('quick', 'a\u0000b'))).toMatchObject({ code: 'INVALID_STRING' });
    const list = durabase.listRuns({ task: 'nothing' })[Symbol.asyncIterator]();
    expect(await refusal(list.next())).toMatchObject({ code: 'TASK_NOT_FOUND' });
  });

  it('tells who is not signed in, and who cannot reach anything', async () => {
    const visitor = createDurabase({ supabaseUrl: endpoint.url, publishableKey: endpoint.publishableKey });
    expect(await refusal(visitor.start('quick'))).toMatchObject({ code: 'UNAUTHENTICATED' });
    const lost = createDurabase({ supabaseUrl: 'http://127.0.0.1:9', publishableKey: endpoint.publishableKey });
    expect(await refusal(lost.start('quick'))).toMatchObject({ code: 'UNREACHABLE', retryable: true });
    const expired = createDurabase({
      supabase: createClient(endpoint.url, endpoint.publishableKey, { accessToken: async () => 'no token at all' }),
    });
    expect(await refusal(expired.start('quick'))).toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('does everything with the secret key, also watch', async () => {
    const service = createDurabase({ supabaseUrl: endpoint.url, publishableKey: endpoint.secretKey });
    const handle = await service.start('quick', {}, { workspace: engine.workspaceId });
    expect(await handle.result()).toEqual({ got: {} });
    const watch = service.watch({ workspace: engine.workspaceId });
    await eventually(() => expect(watch.connection.state).toBe('live'));
    expect(await service.feeds(engine.workspaceId)).toMatchObject([{ kind: 'workspace', workspaceId: engine.workspaceId }]);
    await service.close();
    expect(await refusal(watch[Symbol.asyncIterator]().next())).toMatchObject({ code: 'CLOSED' });
  });
});
