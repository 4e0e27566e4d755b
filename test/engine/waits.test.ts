import { beforeAll, describe, expect, it } from '@jest/globals';
import { asAnonymous } from '../support/as-role.ts';
import { findRun } from '../support/build-rows.ts';
import { readValue } from '../support/call.ts';
import { eventually } from '../support/eventually.ts';
import { useEngine } from '../support/use-engine.ts';

describe('waits', () => {
  const engine = useEngine();
  const call = () => ({ action: 'http', with: { url: engine.target.url } });
  const inState = (runId: string, state: string) =>
    eventually(async () => {
      const run = await findRun(engine.db.owner, runId);
      if (run.state !== state) throw new Error(`the run is ${run.state}`);
      return run;
    });
  const childrenOf = async (runId: string) =>
    (
      await engine.db.owner.query<{ id: string; state: string }>(
        'select r.id, r.state from durabase.run_links l join durabase.task_runs r on r.id = l.run_id where l.parent_run_id = $1 order by l.created_at',
        [runId],
      )
    ).rows;

  beforeAll(async () => {
    await engine.startWorker();
    await engine.saveTask({
      slug: 'order',
      steps: [
        { id: 'paid', action: 'wait-for-event', with: { event: 'order.paid', match: { orderId: '{{ input.orderId }}' } } },
        { id: 'ship', ...call(), needs: ['paid'] },
      ],
      output: '{{ steps.paid.output.data.amount }}',
    });
    await engine.saveTask({
      slug: 'handwork',
      steps: [{ id: 'make', action: 'external', with: { data: { plan: 7 } } }],
      output: '{{ steps.make.output }}',
    });
    await engine.saveTask({
      slug: 'child',
      input: { type: 'object' },
      steps: [{ id: 'work', action: 'http', with: { url: '{{ input.url }}' }, retry: { maxAttempts: 1 } }],
    });
    await engine.saveTask({
      slug: 'parent',
      steps: [{ id: 'run', action: 'run-task', with: { task: 'child', input: { url: '{{ input.url }}' } } }],
      output: '{{ steps.run.output.state }}',
    });
  });

  it('goes on with the first event that matches, and says meanwhile what it waits for', async () => {
    const runId = await engine.startRun('order', { orderId: 'A1' });
    const waiting = await inState(runId, 'waiting');
    expect(waiting.reason).toMatchObject({ code: 'WAITING_FOR_EVENT' });
    await engine.call('durabase.emit_event', { name: 'order.paid', data: { orderId: 'B2', amount: 1 } });
    await engine.call('durabase.emit_event', { name: 'order.sent', data: { orderId: 'A1', amount: 2 } });
    await engine.call('durabase.emit_event', { name: 'order.paid', data: { orderId: 'A1', amount: 3 } });
    await engine.call('durabase.emit_event', { name: 'order.paid', data: { orderId: 'A1', amount: 4 } });
    expect(await engine.finished(runId)).toMatchObject({ state: 'completed', output: 3 });
  });

  it('takes an event that came between the start of the run and the wait', async () => {
    const runId = await engine.startRun('order', { orderId: 'early' });
    await engine.call('durabase.emit_event', { name: 'order.paid', data: { orderId: 'early', amount: 5 } });
    expect(await engine.finished(runId)).toMatchObject({ state: 'completed', output: 5 });
  });

  it('gives an event to each of 30 runs that wait for it, once', async () => {
    const runs = await Promise.all(Array.from({ length: 30 }, () => engine.startRun('order', { orderId: 'all' })));
    await Promise.all(runs.map((run) => inState(run, 'waiting')));
    await engine.call('durabase.emit_event', {
      name: 'order.paid',
      data: { orderId: 'all', amount: 6 },
      idempotency_key: 'once',
    });
    await engine.call('durabase.emit_event', {
      name: 'order.paid',
      data: { orderId: 'all', amount: 6 },
      idempotency_key: 'once',
    });
    for (const run of runs) expect(await engine.finished(run)).toMatchObject({ output: 6 });
    expect(await readValue(engine.db.owner, "select count(*)::int from durabase.events where data ->> 'orderId' = 'all'")).toBe(
      1,
    );
    const waits = 'select count(*) filter (where event_id is null)::int from durabase_private.event_waits';
    expect(await readValue(engine.db.owner, waits)).toBe(0);
  });

  it('fails when nobody ends the wait in time, or goes on with what its author chose', async () => {
    const wait = { action: 'wait-for-event', with: { event: 'never', timeout: '100 ms' } };
    await engine.saveTask({ slug: 'late', steps: [{ id: 'wait', ...wait }] });
    await engine.saveTask({
      slug: 'lenient',
      steps: [{ id: 'wait', action: wait.action, with: { ...wait.with, onTimeout: { gave: 'up' } } }],
    });
    expect(await engine.finished(await engine.startRun('late'))).toMatchObject({
      state: 'failed',
      error: { code: 'STEP_TIMED_OUT' },
    });
    expect(await engine.finished(await engine.startRun('lenient'))).toMatchObject({ state: 'completed', output: { gave: 'up' } });
  });

  it('is completed from outside by whoever may, once', async () => {
    const runId = await engine.startRun('handwork');
    await inState(runId, 'waiting');
    await engine.call('durabase.complete_step', { run: runId, step: 'make', output: { made: true } });
    expect(await engine.finished(runId)).toMatchObject({ state: 'completed', output: { made: true } });
    await expect(engine.call('durabase.complete_step', { run: runId, step: 'make' })).rejects.toThrow('already ended');
  });

  it('is completed by a token without any other right, and the token works once', async () => {
    const runId = await engine.startRun('handwork');
    await inState(runId, 'waiting');
    const { token } = await engine
      .call<{ token: string }>('durabase.step_token', { run: runId, step: 'make' })
      .then((row) => ({ token: Object.values(row)[0] as string }));
    const end = (value: string) =>
      asAnonymous(engine.db.owner, (client) =>
        client.query('select durabase.end_step_by_token($1, \'{"by": "token"}\')', [value]),
      );
    await expect(end(`${token}x`)).rejects.toThrow('no step waits');
    await end(token);
    await expect(end(token)).rejects.toThrow('no step waits');
    expect(await engine.finished(runId)).toMatchObject({ output: { by: 'token' } });
  });

  it('fails from outside with the words that were given', async () => {
    const runId = await engine.startRun('handwork');
    await inState(runId, 'waiting');
    await engine.call('durabase.fail_step', { run: runId, step: 'make', message: 'the machine broke' });
    expect(await engine.finished(runId)).toMatchObject({
      state: 'failed',
      error: { code: 'STEP_FAILED', message: 'the machine broke' },
    });
  });

  it('runs another task and goes on with its output', async () => {
    const runId = await engine.startRun('parent', { url: engine.target.url });
    expect(await engine.finished(runId)).toMatchObject({ state: 'completed', output: 'completed' });
    expect(await childrenOf(runId)).toMatchObject([{ state: 'completed' }]);
    const failing = await engine.startRun('parent', { url: 'http://127.0.0.1:1/' });
    const failed = await engine.finished(failing);
    expect(failed).toMatchObject({ state: 'failed' });
    expect(failed.error?.message).toContain('ended as failed');
  });

  it('cancels its children when it is cancelled', async () => {
    await engine.saveTask({ slug: 'sleeper', steps: [{ id: 'nap', action: 'sleep', with: { duration: '1 hour' } }] });
    await engine.saveTask({
      slug: 'boss',
      steps: [{ id: 'all', action: 'run-task', forEach: 'input.list', with: { task: 'sleeper' } }],
    });
    const runId = await engine.startRun('boss', { list: [1, 2, 3] });
    await eventually(async () =>
      expect((await childrenOf(runId)).map(({ state }) => state)).toEqual(['waiting', 'waiting', 'waiting']),
    );
    await engine.call('durabase.cancel_run', { run: runId });
    expect((await engine.finished(runId)).state).toBe('cancelled');
    await eventually(async () =>
      expect((await childrenOf(runId)).map(({ state }) => state)).toEqual(['cancelled', 'cancelled', 'cancelled']),
    );
  });

  it('pauses before the next step and resumes, whatever it waits for', async () => {
    const runId = await engine.startRun('order', { orderId: 'P' });
    await inState(runId, 'waiting');
    const calls = engine.target.requests.length;
    await engine.call('durabase.pause_run', { run: runId, reason: 'lunch' });
    expect((await inState(runId, 'paused')).reason).toEqual({ code: 'PAUSED', message: 'paused: lunch' });
    await engine.call('durabase.emit_event', { name: 'order.paid', data: { orderId: 'P', amount: 9 } });
    await eventually(async () =>
      expect(
        await readValue(engine.db.owner, "select state from durabase.run_steps where run_id = $1 and step_id = 'paid'", [runId]),
      ).toBe('completed'),
    );
    expect((await findRun(engine.db.owner, runId)).state).toBe('paused');
    expect(engine.target.requests.length).toBe(calls);
    await engine.call('durabase.resume_run', { run: runId });
    expect(await engine.finished(runId)).toMatchObject({ state: 'completed', output: 9 });
  });
});
