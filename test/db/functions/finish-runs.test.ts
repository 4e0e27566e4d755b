import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  admitRun,
  createReadyTask,
  createRunIn,
  createWorkspace,
  executionOf,
  findRun,
  openRun,
  startRun,
  type ReadyTask,
} from '../../support/build-rows.ts';
import { callRow, callValue, readValue } from '../../support/call.ts';
import { useDatabase } from '../../support/use-database.ts';

interface Outcome {
  readonly verdict: string;
  readonly state: string;
  readonly output: unknown;
  readonly outputRef: unknown;
}

const FAILURE = { code: 'STEP_FAILED', message: 'no' };

describe('finish_runs', () => {
  const db = useDatabase();
  let task: ReadyTask;
  let checked: ReadyTask;

  beforeAll(async () => {
    const { id } = await createWorkspace(db.owner);
    task = await createReadyTask(db.owner, id);
    checked = await createReadyTask(db.owner, id, { slug: 'checked', plan: { concurrency: {} } });
  });

  const finishAll = (items: readonly object[]) =>
    callValue<Outcome[]>(db.engine, 'durabase_private.finish_runs', { p_items: items });
  const finish = async (runId: string, item: object = { state: 'completed', output: { ok: true } }) =>
    (await finishAll([{ ...executionOf(runId), ...item }]))[0];
  /** A run that holds a permit of each key. */
  const startHolding = async (keys: readonly string[], limit = 1000) => {
    const { id } = await startRun(db.owner, checked);
    await callValue(db.engine, 'durabase_private.mark_checked', {
      p_items: [{ runId: id, limits: keys.map((key) => ({ key, limit, label: key })) }],
    });
    await openRun(db.owner, id);
    return id;
  };
  const permitsOf = (id: string) =>
    readValue<number>(db.owner, 'select count(*)::int from durabase_private.permits where run_id = $1', [id]);

  it('stores the terminal state and returns it', async () => {
    const { id } = await createRunIn(db.owner, task, 'running');
    expect(await finish(id)).toEqual({ verdict: 'kept', state: 'completed', output: { ok: true }, outputRef: null, error: null });
    expect(await findRun(db.owner, id)).toMatchObject({ state: 'completed', output: { ok: true }, authority: 0, reason: null });
  });

  it('keeps the first word and returns it when said twice', async () => {
    const { id } = await createRunIn(db.owner, task, 'running');
    await finish(id);
    const before = await findRun(db.owner, id);
    expect(await finish(id, { state: 'failed', error: FAILURE })).toMatchObject({
      verdict: 'kept',
      state: 'completed',
      output: { ok: true },
    });
    expect(await findRun(db.owner, id)).toEqual(before);
  });

  it('keeps one word of many that are said at once', async () => {
    const { id } = await createRunIn(db.owner, task, 'running');
    const outcomes = await Promise.all(Array.from({ length: 8 }, (_, n) => finish(id, { state: 'completed', output: n })));
    expect(new Set(outcomes.map((outcome) => outcome?.output)).size).toBe(1);
    expect(
      await readValue(db.owner, "select count(*)::int from durabase.run_events where run_id = $1 and kind = 'run.completed'", [
        id,
      ]),
    ).toBe(1);
  });

  it('does not believe an execution that was overtaken, nor a foreign one', async () => {
    const { id } = await createRunIn(db.owner, task, 'running');
    await callValue(db.engine, 'durabase_private.open_runs', { p_items: [{ ...executionOf(id, `exec-2-${id}`), steps: [] }] });
    expect(await finish(id)).toMatchObject({ verdict: 'stale', state: 'running' });
    expect(await finish(id, { state: 'completed', temporalRunId: 'foreign', firstRunId: 'foreign' })).toMatchObject({
      verdict: 'stale',
    });
    expect(await finish(id, { state: 'completed', output: 2, temporalRunId: `exec-2-${id}` })).toMatchObject({
      verdict: 'kept',
      output: 2,
    });
  });

  it('leaves a queued run in its place when a foreign execution speaks', async () => {
    const { id } = await startRun(db.owner, task);
    await callValue(db.engine, 'durabase_private.open_runs', { p_items: [{ ...executionOf(id), steps: [] }] });
    expect(await finish(id, { state: 'completed', temporalRunId: 'foreign', firstRunId: 'foreign' })).toMatchObject({
      verdict: 'stale',
    });
    expect(await readValue(db.owner, 'select count(*)::int from durabase_private.run_queue where run_id = $1', [id])).toBe(1);
  });

  it('answers for a run that is not there', async () => {
    expect(await finish('01890000-0000-7000-8000-000000000000')).toMatchObject({ verdict: 'stale' });
  });

  it('drops steps that are under way', async () => {
    const { id } = await createRunIn(db.owner, task, 'waiting');
    await finish(id, { state: 'timed_out', error: FAILURE });
    expect(await readValue(db.owner, 'select state from durabase.run_steps where run_id = $1', [id])).toBe('cancelled');
  });

  it('frees permits and forgets wishes', async () => {
    const id = await startHolding(['a', 'b']);
    await callRow(db.owner, 'durabase.cancel_run', { run: id });
    expect(await permitsOf(id)).toBe(2);
    await finish(id, { state: 'cancelled', error: { code: 'RUN_CANCELLED', message: 'cancelled' } });
    expect(await permitsOf(id)).toBe(0);
    expect(await readValue(db.owner, 'select count(*)::int from durabase_private.wishes where run_id = $1', [id])).toBe(0);
  });

  it('lets the next run in line try again', async () => {
    const holder = await startHolding(['single'], 1);
    const { id } = await startRun(db.owner, checked);
    await callValue(db.engine, 'durabase_private.mark_checked', {
      p_items: [{ runId: id, limits: [{ key: 'single', limit: 1, label: 'one' }] }],
    });
    await callValue(db.engine, 'durabase_private.admit', { p_limit: 1000, p_claim_ms: 1000 });
    const blockedBy = () => readValue(db.owner, 'select blocked_key from durabase_private.run_queue where run_id = $1', [id]);
    expect(await blockedBy()).toBe('single');
    await finish(holder);
    expect(await blockedBy()).toBeNull();
  });

  it.each([
    ['writes an audit row when Temporal, and nobody of ours, cancelled', false, 1],
    ['writes none when we cancelled, which has its own', true, 1],
  ])('%s', async (_, isWished, expected) => {
    const { id } = await createRunIn(db.owner, task, 'running');
    if (isWished) await callRow(db.owner, 'durabase.cancel_run', { run: id });
    await finish(id, { state: 'cancelled', error: { code: 'RUN_CANCELLED', message: 'cancelled' } });
    const { rows } = await db.owner.query(
      "select actor_kind from durabase.audit_log where entity_id = $1 and action = 'run.cancelled'",
      [id],
    );
    expect(rows).toHaveLength(expected);
    expect(rows[0]).toEqual({ actor_kind: isWished ? 'sql_role' : 'operator' });
  });

  it('puts a large output aside', async () => {
    const { id } = await createRunIn(db.owner, task, 'running');
    const outcome = await finish(id, { state: 'completed', payload: { sha256: 'abc', bytes: 3, body: [1], preview: '[1' } });
    expect(outcome).toMatchObject({ output: null, outputRef: { payload: expect.any(String), bytes: 3, preview: '[1' } });
  });

  it('answers in the order of the items', async () => {
    const runs = [await createRunIn(db.owner, task, 'running'), await createRunIn(db.owner, task, 'running')].toReversed();
    const outcomes = await finishAll(runs.map(({ id }, n) => ({ ...executionOf(id), state: 'completed', output: n })));
    expect(outcomes.map(({ output }) => output)).toEqual([0, 1]);
  });

  it('does not deadlock when batches share runs and keys in opposite order', async () => {
    for (let round = 0; round < 5; round += 1) {
      const runs = await Promise.all(
        Array.from({ length: 8 }, (_, n) => startHolding(n % 2 === 0 ? ['x', 'y'] : ['y', 'x', `z${n}`])),
      );
      const items = runs.map((id) => ({ ...executionOf(id), state: 'completed', output: 1 }));
      const outcomes = await Promise.all([
        finishAll(items),
        finishAll(items.toReversed()),
        finishAll(items.filter((_, n) => n % 2 === 0)),
        finishAll(items.filter((_, n) => n % 2 === 1).toReversed()),
      ]);
      expect(outcomes.flat().every(({ verdict }) => verdict === 'kept')).toBe(true);
    }
    expect(await readValue(db.owner, "select count(*)::int from durabase_private.permits where key in ('x', 'y')")).toBe(0);
  });

  it('does not deadlock when batches share runs without permits in opposite order', async () => {
    for (let round = 0; round < 5; round += 1) {
      const runs = await Promise.all(Array.from({ length: 20 }, () => createRunIn(db.owner, task, 'running')));
      const items = runs.map(({ id }) => ({ ...executionOf(id), state: 'completed', output: 1 }));
      await Promise.all([finishAll(items), finishAll(items.toReversed()), finishAll(items), finishAll(items.toReversed())]);
    }
  });

  it('does not deadlock with a reconciler that closes the same runs, nor with one that lost them', async () => {
    for (let round = 0; round < 10; round += 1) {
      const runs = await Promise.all(Array.from({ length: 8 }, () => startHolding(['x', 'y'])));
      const items = runs.map((id) => ({ ...executionOf(id), state: 'completed', output: 1 }));
      const seen = runs.toReversed().map((id) => ({ ...executionOf(id), status: 'TERMINATED' }));
      await Promise.all([
        finishAll(items),
        callValue(db.engine, 'durabase_private.reconcile', { p_items: seen }),
        ...runs.map((id) => callValue(db.engine, 'durabase_private.lose_run', { p_run: id, p_temporal_run: `exec-1-${id}` })),
      ]);
      expect(
        await readValue(db.owner, 'select count(*)::int from durabase_private.permits where run_id = any ($1)', [runs]),
      ).toBe(0);
    }
  });

  it('writes down a Signal that somebody sent by hand', async () => {
    const { id } = await createRunIn(db.owner, task, 'running');
    await callValue(db.engine, 'durabase_private.note_signal', { p_run: id, p_temporal_run: `exec-1-${id}`, p_name: 'go-on' });
    await callValue(db.engine, 'durabase_private.note_signal', { p_run: id, p_temporal_run: 'foreign', p_name: 'go-on' });
    const { rows } = await db.owner.query(
      "select details from durabase.audit_log where entity_id = $1 and action = 'run.signalled'",
      [id],
    );
    expect(rows).toEqual([{ details: { signal: 'go-on', temporalRunId: `exec-1-${id}` } }]);
    await admitRun(db.owner, id); // not queued any more: nothing to admit
    expect((await findRun(db.owner, id)).state).toBe('running');
  });
});
