import { beforeAll, describe, expect, it } from '@jest/globals';
import { createReadyTask, createWorkspace, findRun, type ReadyTask } from '../../support/build-rows.ts';
import { callRow, readValue } from '../../support/call.ts';
import { useDatabase } from '../../support/use-database.ts';
import { tellStory } from '../support/tell-story.ts';

describe('leave_run', () => {
  const db = useDatabase();
  const story = tellStory(db);
  let task: ReadyTask;
  let sync: ReadyTask;

  beforeAll(async () => {
    const { id } = await createWorkspace(db.owner);
    task = await createReadyTask(db.owner, id);
    sync = await createReadyTask(db.owner, id, { slug: 'sync', plan: { mode: 'sync' } });
  });

  const driftOf = (runId: string) =>
    readValue<number>(db.owner, 'select count(*)::int from durabase_private.drift where run_id = $1', [runId]);
  const isLeft = (runId: string, epoch = 1) =>
    readValue<boolean>(db.owner, 'select left_at is not null from durabase_private.executions where run_id = $1 and epoch = $2', [
      runId,
      epoch,
    ]);

  it('is for the execution that speaks for the run', async () => {
    const id = await story.startOpen(task);
    expect(await story.leave(id, 2)).toBe(false);
    expect(await story.leave(id)).toBe(true);
    expect(await story.leave(id)).toBe(true); // said twice
    await story.open(id, { execution: 2 });
    expect(await story.leave(id)).toBe(false);
    expect([await isLeft(id, 1), await isLeft(id, 2)]).toEqual([true, false]);
  });

  it('lets the next execution go on without a word to anybody', async () => {
    const id = await story.startOpen(task);
    await story.take(id, 'first', { output: 1 });
    await story.skip(id, 'second');
    const before = await findRun(db.owner, id);
    const events = await story.eventsOf(id);
    await story.leave(id);
    expect(await story.open(id, { execution: 2 })).toEqual({
      verdict: 'go',
      epoch: 2,
      deadlineAt: null,
      done: { first: 'completed', second: 'skipped' },
    });
    const after = await findRun(db.owner, id);
    expect(after).toMatchObject({ epoch: 2, state: 'running', temporal_run_id: `exec-2-${id}`, event_seq: before.event_seq });
    expect(Number(after.version)).toBeGreaterThan(Number(before.version)); // its row has changed
    expect(after.started_at).toEqual(before.started_at);
    expect(await story.eventsOf(id)).toEqual(events);
    expect(await story.auditOf(id)).toEqual(['run.started by sql_role']);
  });

  it('keeps deadline, permits, wishes, pause and wish to cancel', async () => {
    const id = await story.startOpen(sync);
    await db.owner.query("update durabase.task_runs set deadline_at = '2031-01-01Z' where id = $1", [id]);
    await callRow(db.owner, 'durabase.pause_run', { run: id, reason: 'lunch' });
    await callRow(db.owner, 'durabase.cancel_run', { run: id });
    await story.leave(id);
    expect(await story.open(id, { execution: 2 })).toMatchObject({
      verdict: 'cancel',
      isPaused: true,
      deadlineAt: expect.stringContaining('2031-01-01') as unknown,
    });
    expect(await story.count('permits', id)).toBe(1);
    expect(await story.wishesOf(id)).toEqual(['cancel', 'wake']);
    await story.finish(id, { execution: 2 });
  });

  it('hands over what waits, and a loop that is open: they are of the new epoch, and nothing is told of it', async () => {
    const id = await story.startOpen(task);
    await story.wait(id, 'paid', { kind: 'event', name: 'order.paid' });
    await story.openLoop(id, 'each', [1, 2]);
    await story.take(id, 'each', { iteration: 0 });
    const version = (await story.stepOf(id, 'paid'))?.version;
    await story.leave(id);
    expect((await story.open(id, { execution: 2 })).done).toBeUndefined();
    expect(await story.stepsOf(id)).toEqual(['each/-1 running@2', 'each/0 completed@1', 'paid/0 waiting@2']);
    expect((await story.stepOf(id, 'paid'))?.version).toBe(version);
    // asked again by the new execution, the wait is the same
    expect(await story.wait(id, 'paid', { kind: 'event', name: 'order.paid' }, { execution: 2 })).toMatchObject({
      verdict: 'go',
    });
    expect((await story.eventsOf(id)).filter((kind) => kind === 'step.waiting')).toHaveLength(1);
  });

  it('counts a wait as done that ended between the two executions', async () => {
    const id = await story.startOpen(task);
    await story.wait(id, 'make', { kind: 'external' });
    await story.leave(id);
    await callRow(db.owner, 'durabase.complete_step', { run: id, step: 'make', output: { made: 1 } });
    expect((await story.open(id, { execution: 2 })).done).toEqual({ make: 'completed' });
  });

  it('lets nobody overtake: what the former execution says afterwards is refused', async () => {
    const id = await story.startOpen(task);
    await story.begin(id, 'slow');
    await story.nap(id, 'nap');
    await story.leave(id);
    await story.open(id, { execution: 2 });
    const before = await story.stepsOf(id);
    expect(before).toEqual(['nap/0 waiting@2', 'slow/0 running@1']);
    for (const answer of [
      await story.end(id, 'slow', { attempt: 1 }),
      await story.end(id, 'nap'),
      await story.begin(id, 'other'),
      await story.skip(id, 'other'),
      await story.openLoop(id, 'other', [1]),
      await story.closeLoop(id, 'other'),
    ])
      expect(answer).toMatchObject({ verdict: 'stale' });
    expect(await story.open(id)).toMatchObject({ verdict: 'refused' });
    expect(await story.finish(id)).toMatchObject({ verdict: 'stale', state: 'running' });
    expect(await story.stepsOf(id)).toEqual(before);
  });

  it('guards by epoch and attempt in the new execution as in the former', async () => {
    const id = await story.startOpen(task);
    await story.begin(id, 'slow');
    await story.nap(id, 'nap');
    await story.leave(id);
    await story.open(id, { execution: 2 });
    // an attempt of the former epoch is not the new one's to end; it begins its own, which counts from nothing
    expect(await story.end(id, 'slow', { execution: 2, attempt: 1 })).toMatchObject({ verdict: 'stale' });
    expect(await story.begin(id, 'slow', { execution: 2 })).toMatchObject({ verdict: 'go', epoch: 2 });
    expect(await story.end(id, 'slow', { execution: 2, attempt: 2 })).toMatchObject({ verdict: 'stale' });
    expect(await story.end(id, 'slow', { execution: 2, attempt: 1 })).toMatchObject({ verdict: 'kept', state: 'completed' });
    // a wait that was handed over is ended by the new one
    expect(await story.end(id, 'nap', { execution: 2 })).toMatchObject({ verdict: 'kept', state: 'completed' });
    expect(await story.stepsOf(id)).toEqual(['nap/0 completed@2', 'slow/0 completed@2']);
  });

  it('goes on over several executions, each step once', async () => {
    const id = await story.startOpen(task);
    for (const execution of [1, 2, 3, 4]) {
      await story.take(id, `s${execution}`, { execution });
      await story.leave(id, execution);
      const { done } = await story.open(id, { execution: execution + 1 });
      expect(Object.keys(done ?? {})).toHaveLength(execution);
    }
    expect((await findRun(db.owner, id)).epoch).toBe(5);
    expect(await story.auditOf(id)).toEqual(['run.started by sql_role']);
  });

  it('comes to nothing when the run has ended meanwhile: what comes then is a reset', async () => {
    const id = await story.startOpen(task);
    await story.leave(id);
    await story.reconcile(id, 'TERMINATED');
    expect(await story.open(id, { execution: 2 })).toMatchObject({ verdict: 'go', epoch: 2 });
    expect(await story.auditOf(id)).toContain('run.reset by operator');
  });

  describe('and a reset', () => {
    it('of the execution that has left begins anew: what was done does not count', async () => {
      const id = await story.startOpen(task);
      await story.take(id, 'first');
      await story.leave(id);
      await story.open(id, { execution: 2 });
      await story.take(id, 'second', { execution: 2 });
      expect(await story.open(id, { execution: 3 })).toEqual({ verdict: 'go', epoch: 3, deadlineAt: null });
      expect(await story.auditOf(id)).toEqual(['run.started by sql_role', 'run.reset by operator']);
      expect(await story.begin(id, 'first', { execution: 3 })).toMatchObject({ verdict: 'go' });
    });

    it('of the execution that goes on keeps what is in its history, and hands it on when it leaves itself', async () => {
      const id = await story.startOpen(task);
      await story.take(id, 'first');
      await story.leave(id);
      await story.open(id, { execution: 2 });
      await story.take(id, 'second', { execution: 2 });
      await story.begin(id, 'third', { execution: 2 });
      // reset behind the opening of 2: it does not open again
      expect(await story.begin(id, 'third', { execution: 3 })).toMatchObject({ verdict: 'go', epoch: 3 });
      await story.end(id, 'third', { execution: 3 });
      await story.leave(id, 3);
      expect((await story.open(id, { execution: 4 })).done).toEqual({
        first: 'completed',
        second: 'completed',
        third: 'completed',
      });
      expect((await story.auditOf(id)).filter((line) => line === 'run.reset by operator')).toHaveLength(1);
    });

    it('opens anew although the reconciler saw it first', async () => {
      const id = await story.startOpen(task);
      await story.take(id, 'first');
      await story.leave(id);
      await story.open(id, { execution: 2 });
      expect(await story.reconcile(id, 'RUNNING', { execution: 3 })).toBe('mended');
      const steps = [{ stepId: 'first', name: 'First', action: 'log', input: {} }];
      expect(await story.open(id, { execution: 3, steps })).toEqual({ verdict: 'go', epoch: 3, deadlineAt: null });
      expect(await story.stepsOf(id)).toEqual(['first/0 running@3']);
      // and asked once more it says the same and begins nothing a second time
      await story.end(id, 'first', { execution: 3 });
      expect(await story.open(id, { execution: 3, steps })).toMatchObject({ verdict: 'go', epoch: 3 });
      expect(await story.stepsOf(id)).toEqual(['first/0 completed@3']);
    });

    it('keeps a pause that a person asked for while the run was under way, and says it to the execution', async () => {
      const id = await story.startOpen(task);
      await callRow(db.owner, 'durabase.pause_run', { run: id, reason: 'lunch' });
      await db.owner.query('delete from durabase_private.wishes where run_id = $1', [id]);
      await story.skip(id, 'first', { execution: 2 }); // behind its opening
      expect(await findRun(db.owner, id)).toMatchObject({ state: 'paused', reason: { code: 'PAUSED' }, epoch: 2 });
      expect(await story.wishesOf(id)).toEqual(['wake']);
    });

    it('shows the pause at once, also when the reconciler saw the reset first', async () => {
      const id = await story.startOpen(task);
      await callRow(db.owner, 'durabase.pause_run', { run: id, reason: 'lunch' });
      expect(await story.reconcile(id, 'RUNNING', { execution: 2 })).toBe('mended');
      expect(await findRun(db.owner, id)).toMatchObject({
        state: 'paused',
        reason: { code: 'PAUSED', message: 'paused: lunch' },
      });
    });

    it('brings an ended run back without the pause it had, and tells the execution that its waits were dropped', async () => {
      const id = await story.startOpen(task);
      await callRow(db.owner, 'durabase.pause_run', { run: id });
      await story.wait(id, 'make', { kind: 'external' });
      await story.finish(id, { state: 'cancelled' });
      await story.skip(id, 'first', { execution: 2 });
      expect(await findRun(db.owner, id)).toMatchObject({ state: 'running', epoch: 2 });
      expect(await story.wishesOf(id)).toEqual(['wake']);
    });

    it('leaves a wake that nobody has carried yet, and forgets a wish to cancel', async () => {
      const id = await story.startOpen(task);
      await story.wait(id, 'make', { kind: 'external' });
      await callRow(db.owner, 'durabase.complete_step', { run: id, step: 'make' });
      await callRow(db.owner, 'durabase.cancel_run', { run: id });
      expect(await story.wishesOf(id)).toEqual(['cancel', 'wake']);
      await story.skip(id, 'first', { execution: 2 });
      expect(await story.wishesOf(id)).toEqual(['wake']);
    });
  });

  describe('and the reconciler', () => {
    it('sees the next execution before that has opened: no reset, no drift, and it opens as one that goes on', async () => {
      const id = await story.startOpen(task);
      await story.take(id, 'first');
      await story.wait(id, 'make', { kind: 'external' });
      await story.leave(id);
      expect(await story.reconcile(id, 'RUNNING', { execution: 2 })).toBe('same');
      expect(await findRun(db.owner, id)).toMatchObject({ epoch: 2, state: 'waiting', temporal_run_id: `exec-2-${id}` });
      expect(await story.stepsOf(id)).toEqual(['first/0 completed@1', 'make/0 waiting@2']);
      expect(await story.reconcile(id, 'CONTINUED_AS_NEW')).toBe('same');
      expect(await story.open(id, { execution: 2 })).toMatchObject({ verdict: 'go', epoch: 2, done: { first: 'completed' } });
      expect(await story.stepsOf(id)).toEqual(['first/0 completed@1', 'make/0 waiting@2']);
      expect(await driftOf(id)).toBe(0);
      expect(await story.auditOf(id)).toEqual(['run.started by sql_role']);
    });

    it('sees the former one running still, which changes nothing', async () => {
      const id = await story.startOpen(task);
      await story.leave(id);
      expect(await story.reconcile(id, 'RUNNING')).toBe('same');
      await story.open(id, { execution: 2 });
      expect(await story.reconcile(id, 'RUNNING')).toBe('same');
      expect((await findRun(db.owner, id)).epoch).toBe(2);
      expect(await driftOf(id)).toBe(0);
    });

    it('ends a run whose next execution was terminated before it opened, and calls that no reset', async () => {
      const id = await story.startOpen(task);
      await story.leave(id);
      expect(await story.reconcile(id, 'TERMINATED', { execution: 2, startedAt: '2031-01-01T00:00:00Z' })).toBe('mended');
      expect(await findRun(db.owner, id)).toMatchObject({ state: 'cancelled', authority: 1, epoch: 2 });
      const { rows } = await db.owner.query('select kind from durabase_private.drift where run_id = $1', [id]);
      expect(rows).toEqual([{ kind: 'terminated' }]);
      expect(await story.auditOf(id)).toEqual(['run.started by sql_role', 'run.terminated by operator']);
    });
  });
});
