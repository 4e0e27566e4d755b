import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runExplanation } from '../../packages/contracts/src/api/run-explanation.ts';
import { run as runSchema } from '../../packages/contracts/src/api/run.ts';
import { appEvent } from '../../packages/contracts/src/api/event.ts';
import { bulkResult, runLink } from '../../packages/contracts/src/api/run-operations.ts';
import {
  createDurabase,
  type Durabase,
  type DurabaseError,
  isDurabaseError,
  type RunEvent,
  type RunHandle,
  type RunLink,
} from '../../packages/client/src/index.ts';
import { createUser } from '../support/build-rows.ts';
import { eventually } from '../support/eventually.ts';
import { useEngine } from '../support/use-engine.ts';
import { type Endpoint, startEndpoint } from './support/endpoint.ts';
import { createPerson } from './support/people.ts';

const refusal = async (promise: Promise<unknown>): Promise<DurabaseError> => {
  const error = await promise.then(
    (value) => new Error(`it was not refused: ${JSON.stringify(value)}`),
    (caught: unknown) => caught,
  );
  if (!isDurabaseError(error)) throw error;
  return error;
};

describe('operating runs by the client', () => {
  const engine = useEngine();
  let endpoint: Endpoint;
  let durabase: Durabase;
  let stranger: Durabase;
  let isBroken = true;

  beforeAll(async () => {
    endpoint = await startEndpoint(engine.db.urls);
    durabase = createPerson(endpoint, engine.userId).durabase;
    stranger = createPerson(endpoint, await createUser(engine.db.owner)).durabase;
    await engine.startWorker();
    engine.target.on('/first', (_, response) => void response.end('{}'));
    engine.target.on('/second', (_, response) => void response.writeHead(isBroken ? 500 : 200).end('{}'));
    const call = (path: string) => ({ action: 'http', with: { url: `${engine.target.url}${path}` } });
    await engine.saveTask({
      slug: 'two',
      steps: [
        { id: 'first', ...call('/first') },
        { id: 'second', needs: ['first'], ...call('/second'), retry: { maxAttempts: 1 } },
      ],
    });
    await engine.saveTask({ slug: 'print', steps: [{ id: 'press', action: 'external' }], output: '{{ steps.press.output }}' });
    await engine.saveTask({
      slug: 'paid',
      steps: [{ id: 'wait', action: 'wait-for-event', with: { event: 'order.paid', match: { id: '{{ input.id }}' } } }],
      output: '{{ steps.wait.output.data }}',
    });
    await engine.saveTask({
      slug: 'loop',
      steps: [{ id: 'each', action: 'sleep', forEach: '[1, 2, 3]', with: { duration: '1 ms' } }],
    });
  }, 60_000);

  afterAll(async () => {
    await durabase.close();
    await stranger.close();
    await endpoint.close();
  });

  const failed = async (): Promise<RunHandle> => {
    isBroken = true;
    const run = await durabase.start('two');
    await refusal(run.result());
    isBroken = false;
    return run;
  };
  const waiting = async (run: RunHandle): Promise<void> =>
    eventually(async () => expect((await run.get()).state).toBe('waiting'));
  const linksOf = async (run: RunHandle): Promise<readonly RunLink[]> => {
    const all: RunLink[] = [];
    for await (const link of run.links()) all.push(runLink.parse(link));
    return all;
  };

  it('pauses and resumes; a watch shows both states', async () => {
    const run = await durabase.start('print');
    await waiting(run);
    const states: string[] = [];
    const watch = run.watch({ onState: (state) => states.push(state) });
    expect(runSchema.parse(await run.pause({ reason: 'lunch' }))).toMatchObject({ state: 'paused', pauseReason: 'lunch' });
    expect(await run.explain()).toMatchObject({ state: 'paused', pause: { reason: 'lunch' } });
    expect((await run.resume()).state).toBe('waiting');
    await durabase.steps.complete(run, 'press', { pages: 1 });
    expect(await run.result()).toEqual({ pages: 1 });
    await watch.done;
    const at = states.indexOf('paused');
    expect(states.slice(at - 1, at + 2)).toEqual(['waiting', 'paused', 'waiting']);
    expect(states.at(-1)).toBe('completed');
    expect(await refusal(run.pause())).toMatchObject({ code: 'RUN_FINISHED' });
  });

  it('retries, forks and runs again, and shows where each comes from', async () => {
    const run = await failed();
    const made = {
      retry: await run.retry(),
      fork: await run.fork({ fromStep: 'second' }),
      rerun: await run.rerun({ input: { n: 1 } }),
    };
    for (const handle of Object.values(made)) await handle.result();
    expect((await made.rerun.get()).input).toEqual({ n: 1 });
    expect((await linksOf(run)).map(({ relation, runId }) => [relation, runId])).toEqual([
      ['retry', made.retry.id],
      ['fork', made.fork.id],
      ['rerun', made.rerun.id],
    ]);
    expect(await linksOf(made.fork)).toMatchObject([
      { relation: 'forked_from', runId: run.id, state: 'failed', stepId: 'second' },
    ]);
    expect(await refusal(run.fork({ fromStep: 'nothing' }))).toMatchObject({ code: 'STEP_NOT_FOUND', path: 'from_step' });
    expect(await refusal(made.retry.retry())).toMatchObject({ code: 'RUN_FINISHED' });
    expect(await refusal(stranger.run(run.id).retry())).toMatchObject({ code: 'RUN_NOT_FOUND' });
    expect(await refusal(linksOf(stranger.run(run.id)))).toMatchObject({ code: 'RUN_NOT_FOUND' });
  });

  it('makes one run for one key', async () => {
    const run = await failed();
    const [first, second] = [await run.retry({ idempotencyKey: 'again' }), await run.retry({ idempotencyKey: 'again' })];
    expect(second.id).toBe(first.id);
    expect(await refusal(run.rerun({ idempotencyKey: 'again' }))).toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  it('does one thing to many runs, after it has counted them', async () => {
    const runs = [await durabase.start('print'), await durabase.start('print'), await durabase.start('print')];
    const filter = { runIds: runs.map(({ id }) => id) };
    const counted = bulkResult.parse(await durabase.runs.bulk({ operation: 'cancel', filter, maxRuns: 0 }));
    expect(counted).toMatchObject({ done: [], matchCount: 3, remainingCount: 3 });
    const first = await durabase.runs.bulk({ operation: 'cancel', filter, options: { reason: 'enough' }, maxRuns: 2 });
    expect(first).toMatchObject({ remainingCount: 1, hasMore: true });
    const rest = await durabase.runs.bulk({ operation: 'cancel', filter: { ...filter, afterRunId: first.lastRunId ?? '' } });
    expect([...first.done, ...rest.done].map(({ runId }) => runId)).toEqual(runs.map(({ id }) => id));
    for (const run of runs) expect(await refusal(run.result())).toMatchObject({ code: 'RUN_CANCELLED' });
    expect(await refusal(durabase.runs.bulk({ operation: 'cancel', filter: {} }))).toMatchObject({ code: 'INVALID_REQUEST' });
    expect((await stranger.runs.bulk({ operation: 'cancel', filter })).matchCount).toBe(0);
  });

  it('tells of events, once for a key, and the step that waits for one goes on', async () => {
    const run = await durabase.start('paid', { id: 7 });
    await waiting(run);
    expect(runExplanation.parse(await run.explain()).waits).toMatchObject([
      { kind: 'event', event: 'order.paid', match: { id: 7 } },
    ]);
    await durabase.events.emit('order.paid', { id: 8 });
    const [first, second] = [
      await durabase.events.emit('order.paid', { id: 7, text: '\uE0FF0041' }, { idempotencyKey: 'paid-7' }),
      await durabase.events.emit('order.paid', { id: 7, text: '\uE0FF0041' }, { idempotencyKey: 'paid-7' }),
    ];
    expect(appEvent.parse(first)).toMatchObject({
      name: 'order.paid',
      data: { id: 7, text: '\uE0FF0041' },
      actor: { userId: engine.userId },
    });
    expect(second.id).toBe(first.id);
    expect(await run.result()).toMatchObject({ id: 7 });
    expect(await refusal(durabase.events.emit('a b'))).toMatchObject({ code: 'INVALID_REQUEST', path: 'name' });
  });

  it('ends external steps, by right or by a token', async () => {
    const run = await durabase.start('print');
    await waiting(run);
    expect(await refusal(stranger.steps.complete(run, 'press'))).toMatchObject({ code: 'RUN_NOT_FOUND' });
    expect(await refusal(durabase.steps.complete(run, 'other'))).toMatchObject({ code: 'STEP_NOT_FOUND' });
    const token = await durabase.steps.token(run, 'press');
    const printer = createDurabase({ supabaseUrl: endpoint.url, publishableKey: endpoint.publishableKey });
    expect(await refusal(printer.steps.completeByToken(`${token}x`))).toMatchObject({ code: 'STEP_NOT_FOUND', path: 'token' });
    expect(await printer.steps.completeByToken(token, { pages: 3 })).toEqual({
      runId: run.id,
      stepId: 'press',
      iteration: 0,
      state: 'completed',
    });
    expect(await refusal(printer.steps.failByToken(token, 'no'))).toMatchObject({ code: 'STEP_NOT_FOUND' });
    expect(await run.result()).toEqual({ pages: 3 });

    const other = await durabase.start('print');
    await waiting(other);
    await durabase.steps.fail(other, 'press', 'out of paper');
    expect(await refusal(other.result())).toMatchObject({ name: 'RunFailedError', run: { state: 'failed' } });
    await printer.close();
  });

  it('shows the loop and each of its iterations in a watch', async () => {
    const run = await durabase.start('loop');
    const seen: RunEvent[] = [];
    for await (const event of run.watch()) if (event.stepId === 'each') seen.push(event);
    expect(seen[0]).toMatchObject({ kind: 'step.loop-started', iteration: -1, data: { count: 3 } });
    expect(seen.at(-1)).toMatchObject({ kind: 'step.completed', iteration: -1 });
    const ended = seen.filter(({ kind, iteration }) => kind === 'step.completed' && iteration !== -1);
    expect(new Set(ended.map(({ iteration }) => iteration))).toEqual(new Set([0, 1, 2]));
    expect(ended.length).toBe(3);
  });
});
