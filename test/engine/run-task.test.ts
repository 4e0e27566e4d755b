import { beforeAll, describe, expect, it } from '@jest/globals';
import { findRun } from '../support/build-rows.ts';
import { eventually } from '../support/eventually.ts';
import { respondJson } from '../support/target-server.ts';
import { useEngine } from '../support/use-engine.ts';

const engine = useEngine();
const url = (path: string): string => `${engine.target.url}${path}`;

beforeAll(async () => {
  await engine.startWorker();
}, 60_000);

describe('runTask', () => {
  it('runs a task of one step and mirrors each of its states', async () => {
    await engine.saveTask({
      slug: 'one',
      action: 'http',
      with: { url: url('/effects'), method: 'POST', json: { a: '{{ input.a }}' } },
    });
    const runId = await engine.startRun('one', { a: 5 });
    const run = await engine.finished(runId);
    expect(run.state).toBe('completed');
    expect(run.output).toMatchObject({ status: 201 });
    expect((await engine.events(runId)).map(({ seq, kind }) => [seq, kind])).toEqual([
      [1, 'run.queued'],
      [2, 'run.running'],
      [3, 'step.started'],
      [4, 'step.completed'],
      [5, 'run.completed'],
    ]);
    expect(engine.target.requests.find((request) => request.headers['idempotency-key'] === `${runId}/main/0`)?.body).toBe(
      '{"a":5}',
    );
    await eventually(async () => expect(await engine.statusInTemporal(runId)).toBe('COMPLETED'));
  });

  it('takes at most 15 history events for it', async () => {
    const runId = await engine.startRun('one', { a: 1 });
    await engine.finished(runId);
    await eventually(async () => expect(await engine.statusInTemporal(runId)).toBe('COMPLETED'));
    const history = await engine.temporal.workflow.getHandle(`run-${runId}`).fetchHistory();
    expect(history.events?.length).toBeLessThanOrEqual(15);
  });

  it('hands outputs from step to step, keeps their types, and sleeps durably', async () => {
    engine.target.on('/price', (_, response) => respondJson(response, { amount: 12.5, currency: 'EUR' }));
    await engine.saveTask({
      slug: 'chain',
      steps: [
        { id: 'price', action: 'http', with: { url: url('/price') } },
        { id: 'nap', action: 'sleep', needs: ['price'], with: { duration: '300 ms' } },
        {
          id: 'book',
          action: 'http',
          needs: ['nap'],
          with: {
            url: url('/effects'),
            method: 'POST',
            json: { price: '{{ steps.price.output.body.amount }}', text: 'is {{ steps.price.output.body.currency }}' },
          },
        },
      ],
      output: { booked: '{{ steps.book.output.status }}', price: '{{ steps.price.output.body }}' },
    });
    const runId = await engine.startRun('chain');
    const run = await engine.finished(runId);
    expect(run.output).toEqual({ booked: 201, price: { amount: 12.5, currency: 'EUR' } });
    const sent = engine.target.requests.find((request) => request.headers['idempotency-key'] === `${runId}/book/0`);
    expect(JSON.parse(sent?.body ?? '')).toEqual({ price: 12.5, text: 'is EUR' });
  });

  it('takes steps at the same time where they do not need each other', async () => {
    let present = 0;
    let together = 0;
    engine.target.on('/slow', async (_, response) => {
      present += 1;
      together = Math.max(together, present);
      await eventually(() => expect(together).toBe(3), { timeoutMs: 8_000 });
      respondJson(response, {});
    });
    const step = (id: string) => ({ id, action: 'http', with: { url: url('/slow') } });
    await engine.saveTask({ slug: 'fan', steps: [step('a'), step('b'), step('c')] });
    const run = await engine.finished(await engine.startRun('fan'));
    expect(run.state).toBe('completed');
    expect(together).toBe(3);
  });

  it('repeats a failed attempt by its policy and counts failures of the handler', async () => {
    engine.target.failTimes('/flaky', 2, 500);
    await engine.saveTask({
      slug: 'flaky',
      action: 'http',
      with: { url: url('/flaky'), method: 'POST' },
      retry: { maxAttempts: 3, initialInterval: '50 ms' },
    });
    const runId = await engine.startRun('flaky');
    expect((await engine.finished(runId)).state).toBe('completed');
    const kinds = (await engine.events(runId)).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === 'step.retry-scheduled')).toHaveLength(2);
    expect(
      new Set(engine.target.requests.filter(({ path }) => path === '/flaky').map(({ headers }) => headers['idempotency-key']))
        .size,
    ).toBe(1);
  });

  it('fails with the code and the sentence of its last attempt', async () => {
    engine.target.failTimes('/broken', 99, 500);
    await engine.saveTask({
      slug: 'broken',
      action: 'http',
      with: { url: url('/broken') },
      retry: { maxAttempts: 2, initialInterval: '20 ms' },
    });
    const runId = await engine.startRun('broken');
    const run = await engine.finished(runId);
    expect(run).toMatchObject({ state: 'failed', error: { code: 'HTTP_STATUS', message: expect.stringContaining('500') } });
    expect(engine.target.requests.filter(({ path }) => path === '/broken')).toHaveLength(2);
    await eventually(async () => expect(await engine.statusInTemporal(runId)).toBe('FAILED'));
  });

  it('fails with the path when a template finds nothing', async () => {
    await engine.saveTask({ slug: 'lost', action: 'http', with: { url: `${url('/x')}?q={{ input.missing.deeper }}` } });
    const run = await engine.finished(await engine.startRun('lost', { other: 1 }));
    expect(run).toMatchObject({
      state: 'failed',
      error: { code: 'TEMPLATE_UNRESOLVED', message: expect.stringContaining('input.missing') },
    });
  });

  it('cancels a running step: the request is aborted, the states agree', async () => {
    let aborted = false;
    engine.target.on('/hang', (_, response) => {
      response.on('close', () => {
        aborted = true;
      });
    });
    await engine.saveTask({ slug: 'hang', action: 'http', with: { url: url('/hang') } });
    const runId = await engine.startRun('hang');
    await eventually(() => expect(engine.target.requests.some(({ path }) => path === '/hang')).toBe(true));
    await engine.db.owner.query("select durabase.cancel_run($1, 'changed my mind')", [runId]);
    const run = await engine.finished(runId);
    expect(run).toMatchObject({ state: 'cancelled' });
    await eventually(() => expect(aborted).toBe(true));
    await eventually(async () => expect(await engine.statusInTemporal(runId)).toBe('CANCELLED'));
    expect((await engine.audit(runId)).filter((line) => line.startsWith('run.cancelled'))).toEqual(['run.cancelled by sql_role']);
  });

  it('ends at its deadline, waits included', async () => {
    await engine.saveTask({
      slug: 'late',
      deadline: '400 ms',
      steps: [{ id: 'nap', action: 'sleep', with: { duration: '1 hour' } }],
    });
    const run = await engine.finished(await engine.startRun('late'));
    expect(run).toMatchObject({ state: 'timed_out', error: { code: 'DEADLINE_EXCEEDED' } });
  });

  it('ends an attempt that takes too long, and says so', async () => {
    engine.target.on('/never', () => undefined);
    await engine.saveTask({
      slug: 'slow',
      steps: [{ id: 'main', action: 'http', timeout: '200 ms', with: { url: url('/never') } }],
      retry: { maxAttempts: 1 },
    });
    const runId = await engine.startRun('slow');
    expect(await engine.finished(runId)).toMatchObject({ state: 'failed', error: { code: 'STEP_TIMED_OUT' } });
    expect((await engine.events(runId)).map(({ kind }) => kind)).toContain('step.timed_out');
  });

  it('stores a large output apart and reads it where a later step needs it', async () => {
    const text = 'x'.repeat(60_000);
    engine.target.on('/large', (_, response) => respondJson(response, { text }));
    await engine.saveTask({
      slug: 'large',
      steps: [
        { id: 'get', action: 'http', with: { url: url('/large') } },
        {
          id: 'put',
          action: 'http',
          needs: ['get'],
          with: { url: url('/effects'), method: 'POST', json: { text: '{{ steps.get.output.body.text }}' } },
        },
      ],
    });
    const runId = await engine.startRun('large');
    expect((await engine.finished(runId)).state).toBe('completed');
    const { rows } = await engine.db.owner.query(
      'select output, output_ref from durabase.run_steps where run_id = $1 and step_id = $2',
      [runId, 'get'],
    );
    expect(rows[0]).toMatchObject({ output: null, output_ref: { bytes: expect.any(Number), preview: expect.any(String) } });
    expect(engine.target.requests.find((request) => request.headers['idempotency-key'] === `${runId}/put/0`)?.body).toContain(
      text,
    );
    const history = JSON.stringify(await engine.temporal.workflow.getHandle(`run-${runId}`).fetchHistory());
    expect(history.length).toBeLessThan(40_000);
  });

  it('keeps a result that holds what Postgres cannot store', async () => {
    const odd = 'nul \u0000 and half a pair \ud800 and the escape \ue0ff';
    engine.target.on('/odd', (_, response) => respondJson(response, { odd }));
    await engine.saveTask({
      slug: 'odd',
      steps: [
        { id: 'get', action: 'http', with: { url: url('/odd') } },
        {
          id: 'put',
          action: 'http',
          needs: ['get'],
          with: { url: url('/effects'), method: 'POST', json: { odd: '{{ steps.get.output.body.odd }}' } },
        },
      ],
    });
    const runId = await engine.startRun('odd');
    expect((await engine.finished(runId)).state).toBe('completed');
    const body = engine.target.requests.find((request) => request.headers['idempotency-key'] === `${runId}/put/0`)?.body ?? '';
    expect(JSON.parse(body)).toEqual({ odd });
  });

  it('refuses an output over 5 MB without trying again', async () => {
    engine.target.on('/huge', (_, response) => respondJson(response, 'y'.repeat(5_000_100)));
    await engine.saveTask({ slug: 'huge', action: 'http', with: { url: url('/huge'), maxResponseBytes: 5_000_000 } });
    const run = await engine.finished(await engine.startRun('huge'));
    expect(run).toMatchObject({ state: 'failed', error: { code: 'HTTP_RESPONSE_TOO_LARGE' } });
  });

  it('refuses an output that grows over 5 MB by what the action adds, or by what the run gathers', async () => {
    engine.target.on('/full', (_, response) => respondJson(response, 'y'.repeat(4_999_990)));
    engine.target.on('/half', (_, response) => respondJson(response, 'y'.repeat(3_000_000)));
    const get = (path: string) => ({ action: 'http', with: { url: url(path), maxResponseBytes: 5_000_000 } });
    await engine.saveTask({ slug: 'full', ...get('/full') });
    await engine.saveTask({
      slug: 'halves',
      steps: [
        { id: 'left', ...get('/half') },
        { id: 'right', ...get('/half') },
      ],
      output: { left: '{{ steps.left.output.body }}', right: '{{ steps.right.output.body }}' },
    });
    for (const task of ['full', 'halves']) {
      const run = await engine.finished(await engine.startRun(task));
      expect(run).toMatchObject({
        state: 'failed',
        error: { code: 'OUTPUT_TOO_LARGE', message: expect.stringContaining('at most 5000000 are kept') as unknown },
      });
    }
    expect(engine.target.requests.filter(({ path }) => path === '/full')).toHaveLength(1);
  });

  it('waits for its time', async () => {
    const runId = await engine.startRun('one', {}, { run_at: new Date(Date.now() + 1_500) });
    expect((await findRun(engine.db.owner, runId)).state).toBe('scheduled');
    const run = await engine.finished(runId);
    expect(run.started_at?.getTime()).toBeGreaterThanOrEqual(run.run_at.getTime());
  });

  it('says what is wrong with a task that was saved by SQL', async () => {
    await expect(engine.saveTask({ slug: 'wrong', action: 'htp', with: {} })).rejects.toThrow(
      /UNKNOWN_ACTION.*did you mean \\"http\\"/,
    );
  });
});
