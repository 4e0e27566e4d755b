import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  createReadyTask,
  createWorkspace,
  executionOf,
  findRun,
  openRun,
  startRun,
  type ReadyTask,
} from '../../support/build-rows.ts';
import { callValue } from '../../support/call.ts';
import { useDatabase } from '../../support/use-database.ts';

interface Answer {
  readonly verdict: string;
  readonly reason?: string;
  readonly state?: string;
}

const FAILURE = { code: 'STEP_FAILED', message: 'no' };
const LATER = '2031-01-01T00:00:00Z';

describe('write_steps', () => {
  const db = useDatabase();
  let task: ReadyTask;

  beforeAll(async () => {
    task = await createReadyTask(db.owner, (await createWorkspace(db.owner)).id);
  });

  const startOpen = async (steps: readonly object[] = []) => {
    const { id } = await startRun(db.owner, task);
    await openRun(db.owner, id, steps as Record<string, unknown>[]);
    return id;
  };
  const writeAll = (items: readonly object[]) =>
    callValue<Answer[]>(db.engine, 'durabase_private.write_steps', { p_items: items });
  const write = async (runId: string, item: object): Promise<Answer | undefined> =>
    (await writeAll([{ ...executionOf(runId), ...item }]))[0];
  const begin = (runId: string, stepId = 'hello', attempt = 1, more: object = {}) =>
    write(runId, { op: 'begin', stepId, name: stepId, action: 'log', attempt, ...more });
  const end = (runId: string, state: string, stepId = 'hello', attempt = 1, more: object = {}) =>
    write(runId, {
      op: 'end',
      stepId,
      attempt,
      state,
      ...(state === 'completed' ? { output: { n: attempt } } : { error: FAILURE }),
      ...more,
    });
  const retry = (runId: string, stepId = 'hello', attempt = 1) =>
    end(runId, 'retrying', stepId, attempt, { nextAttemptAt: LATER });
  const stepOf = async (runId: string, stepId = 'hello') =>
    (
      await db.owner.query(
        'select state, epoch, attempt, failure_count, output, error, next_attempt_at from durabase.run_steps where run_id = $1 and step_id = $2',
        [runId, stepId],
      )
    ).rows[0];

  it('writes a step from its beginning to its end', async () => {
    const id = await startOpen();
    expect(await begin(id, 'hello', 1, { input: { text: 'hi' } })).toMatchObject({ verdict: 'go', epoch: 1 });
    expect(await stepOf(id)).toMatchObject({ state: 'running', epoch: 1, attempt: 1 });
    expect(await end(id, 'completed')).toMatchObject({ verdict: 'kept', state: 'completed' });
    expect(await stepOf(id)).toMatchObject({ state: 'completed', output: { n: 1 } });
  });

  it('keeps the first result when an end is said twice', async () => {
    const id = await startOpen();
    await begin(id);
    await end(id, 'completed');
    expect(await end(id, 'failed')).toEqual({ verdict: 'kept', state: 'completed' });
    expect(await stepOf(id)).toMatchObject({ state: 'completed', output: { n: 1 }, error: null });
  });

  it('says that a step is done when it begins again after its end', async () => {
    const id = await startOpen();
    await begin(id);
    await end(id, 'completed');
    expect(await begin(id)).toMatchObject({ verdict: 'done' });
    expect((await stepOf(id))?.state).toBe('completed');
  });

  it('keeps the books of retries', async () => {
    const id = await startOpen();
    await begin(id);
    expect(await retry(id)).toMatchObject({ verdict: 'kept', state: 'retrying' });
    expect(await stepOf(id)).toMatchObject({
      state: 'retrying',
      failure_count: 1,
      next_attempt_at: new Date(LATER),
      error: FAILURE,
    });
    expect(await begin(id, 'hello', 2)).toMatchObject({ verdict: 'go' });
    expect(await stepOf(id)).toMatchObject({ state: 'running', attempt: 2, failure_count: 1, next_attempt_at: null });
    await end(id, 'failed', 'hello', 2);
    expect(await stepOf(id)).toMatchObject({ state: 'failed', failure_count: 2 });
  });

  it('counts a failure once when a retry is said twice', async () => {
    const id = await startOpen();
    await begin(id);
    await retry(id);
    expect(await retry(id)).toEqual({ verdict: 'kept', state: 'retrying' });
    expect((await stepOf(id))?.failure_count).toBe(1);
  });

  it('refuses what an earlier attempt says', async () => {
    const id = await startOpen();
    await begin(id);
    await retry(id);
    await begin(id, 'hello', 2);
    expect(await begin(id, 'hello', 1)).toMatchObject({ verdict: 'stale', reason: 'a later attempt is under way' });
    expect(await end(id, 'completed', 'hello', 1)).toMatchObject({ verdict: 'stale' });
    expect(await stepOf(id)).toMatchObject({ state: 'running', attempt: 2 });
  });

  it('does not go back to running when the beginning of an attempt arrives after its end', async () => {
    const id = await startOpen();
    await begin(id);
    await retry(id);
    expect(await begin(id, 'hello', 1)).toMatchObject({ verdict: 'stale' });
    expect((await stepOf(id))?.state).toBe('retrying');
  });

  it('refuses an end without a beginning', async () => {
    expect(await end(await startOpen(), 'completed')).toMatchObject({ verdict: 'stale', reason: 'the step has not begun' });
  });

  it('refuses foreign executions, unknown runs and runs that have ended', async () => {
    const id = await startOpen();
    expect(await begin(id, 'hello', 1, { temporalRunId: 'foreign', firstRunId: 'foreign' })).toMatchObject({ verdict: 'stale' });
    expect(await begin('01890000-0000-7000-8000-000000000000')).toMatchObject({ verdict: 'stale', reason: 'no such run' });
    await begin(id);
    await callValue(db.engine, 'durabase_private.finish_runs', {
      p_items: [{ ...executionOf(id), state: 'completed', output: 1 }],
    });
    expect(await begin(id, 'next')).toMatchObject({ verdict: 'stale' });
    expect(await end(id, 'completed')).toMatchObject({ verdict: 'stale' });
    expect((await stepOf(id))?.state).toBe('cancelled');
  });

  it('lets a later execution of the chain take over and refuses the former one', async () => {
    const id = await startOpen();
    await begin(id);
    const later = { temporalRunId: `exec-2-${id}` };
    expect(await begin(id, 'hello', 1, later)).toMatchObject({ verdict: 'go', epoch: 2 });
    expect(await stepOf(id)).toMatchObject({ state: 'running', epoch: 2, failure_count: 0 });
    expect(await end(id, 'completed')).toMatchObject({ verdict: 'stale' });
    expect(await end(id, 'completed', 'hello', 1, { attempt: undefined })).toMatchObject({ verdict: 'stale' }); // a wait names no attempt
    expect(await begin(id, 'other')).toMatchObject({ verdict: 'stale' });
    expect(await end(id, 'completed', 'hello', 1, later)).toMatchObject({ verdict: 'kept', state: 'completed' });
    expect((await findRun(db.owner, id)).epoch).toBe(2);
  });

  it('runs a step again in a later epoch although it was completed in the former', async () => {
    const id = await startOpen();
    await begin(id);
    await end(id, 'completed');
    expect(await begin(id, 'hello', 1, { temporalRunId: `exec-2-${id}` })).toMatchObject({ verdict: 'go' });
    expect(await stepOf(id)).toMatchObject({ state: 'running', epoch: 2, output: null });
  });

  it('keeps iterations of a step apart', async () => {
    const id = await startOpen();
    for (const iteration of [0, 1, 2]) await begin(id, 'loop', 1, { iteration });
    await end(id, 'completed', 'loop', 1, { iteration: 1 });
    const { rows } = await db.owner.query('select iteration, state from durabase.run_steps where run_id = $1 order by 1', [id]);
    expect(rows).toEqual([
      { iteration: 0, state: 'running' },
      { iteration: 1, state: 'completed' },
      { iteration: 2, state: 'running' },
    ]);
  });

  it('puts a large output aside and leaves a reference', async () => {
    const id = await startOpen();
    await begin(id);
    const payload = { sha256: 'abc', bytes: 9, body: { big: 'value' }, preview: '{"big"' };
    await end(id, 'completed', 'hello', 1, { output: undefined, payload });
    const { rows } = await db.owner.query('select output, output_ref from durabase.run_steps where run_id = $1', [id]);
    expect(rows).toEqual([
      { output: null, output_ref: { payload: expect.any(String), bytes: 9, sha256: 'abc', preview: '{"big"' } },
    ]);
    const loaded = await callValue<{ step: { output: unknown }; outputs: unknown }>(db.engine, 'durabase_private.load_step', {
      p_run: id,
      p_step: 'hello',
      p_iteration: 0,
      p_temporal_run: `exec-1-${id}`,
      p_refs: ['hello'],
      p_with_input: true,
    });
    expect(loaded).toMatchObject({ epoch: 1, step: { output: { big: 'value' } }, outputs: { hello: { big: 'value' } } });
  });

  describe('state of the run', () => {
    it('follows from parallel steps, with the reason of what it waits for', async () => {
      const id = await startOpen();
      const expectRun = async (state: string, reason: string | undefined) => {
        const run = await findRun(db.owner, id);
        expect([run.state, run.reason?.code]).toEqual([state, reason]);
      };
      await begin(id, 'sleep', 1, { action: 'sleep', state: 'waiting', wakesAt: LATER });
      await expectRun('waiting', 'SLEEPING');
      await begin(id, 'a');
      await expectRun('running', undefined);
      await begin(id, 'b');
      await retry(id, 'b');
      await expectRun('running', undefined);
      await end(id, 'completed', 'a');
      await expectRun('retrying', 'RETRYING');
      await begin(id, 'b', 2);
      await expectRun('running', undefined);
      await end(id, 'failed', 'b', 2);
      await expectRun('waiting', 'SLEEPING');
      await end(id, 'completed', 'sleep');
      await expectRun('running', undefined);
    });

    it('says until when a run sleeps and when it tries again', async () => {
      const id = await startOpen();
      await begin(id, 'nap', 1, { action: 'sleep', state: 'waiting', wakesAt: LATER });
      const sleeping = (await findRun(db.owner, id)).reason as unknown as Record<string, string>;
      expect(new Date(sleeping['wakesAt'] ?? '')).toEqual(new Date(LATER));
      await end(id, 'completed', 'nap');
      await begin(id);
      await retry(id);
      const retrying = (await findRun(db.owner, id)).reason as unknown as Record<string, string>;
      expect(new Date(retrying['nextAttemptAt'] ?? '')).toEqual(new Date(LATER));
      expect(retrying['error']).toEqual(FAILURE);
    });

    it('is no longer stalled when a step goes on', async () => {
      const id = await startOpen();
      await callValue(db.engine, 'durabase_private.flag_run', { p_run: id, p_reason: 'no worker' });
      await begin(id);
      expect((await findRun(db.owner, id)).stalled_reason).toBeNull();
    });
  });

  it('answers a batch in the order of its items', async () => {
    const [one, other] = [await startOpen(), await startOpen()];
    const answers = await writeAll([
      { ...executionOf(other), op: 'begin', stepId: 'a', name: 'a', action: 'log', attempt: 1 },
      { ...executionOf(one), op: 'end', stepId: 'never', attempt: 1, state: 'completed' },
      { ...executionOf(other), op: 'end', stepId: 'a', attempt: 1, state: 'completed', output: 1 },
    ]);
    expect(answers.map(({ verdict }) => verdict)).toEqual(['go', 'stale', 'kept']);
  });

  it('numbers events from 1 to n without a gap with eight writers at once', async () => {
    const id = await startOpen();
    await Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let round = 0; round < 10; round += 1) {
          await begin(id, `w${writer}-${round}`);
          await end(id, 'completed', `w${writer}-${round}`);
        }
      }),
    );
    const { rows } = await db.owner.query<{ seq: number }>(
      'select seq::int from durabase.run_events where run_id = $1 order by seq',
      [id],
    );
    expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: 2 + 160 }, (_, index) => index + 1));
    expect((await findRun(db.owner, id)).event_seq).toBe('162');
  });

  it('lets batches over the same runs in opposite order pass each other', async () => {
    const runs = await Promise.all(Array.from({ length: 6 }, () => startOpen()));
    const batch = (ids: readonly string[], stepId: string) =>
      writeAll(ids.map((id) => ({ ...executionOf(id), op: 'begin', stepId, name: stepId, action: 'log', attempt: 1 })));
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => batch(index % 2 === 0 ? runs : runs.toReversed(), `s${index}`)),
    );
    expect(answers.flat().every(({ verdict }) => verdict === 'go')).toBe(true);
  });
});
