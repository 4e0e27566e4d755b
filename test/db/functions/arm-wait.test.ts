import { beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { asAnonymous } from '../../support/as-role.ts';
import { createReadyTask, createWorkspace, findRun, type ReadyTask, type Workspace } from '../../support/build-rows.ts';
import { callRow, readValue } from '../../support/call.ts';
import { useDatabase } from '../../support/use-database.ts';
import { tellStory } from '../support/tell-story.ts';

describe('a step that begins to wait', () => {
  const db = useDatabase();
  const story = tellStory(db);
  let acme: Workspace;
  let task: ReadyTask;
  const emit = (name: string, data: object = {}, workspace = acme.id) =>
    callRow<{ id: string }>(db.owner, 'durabase.emit_event', { name, data, workspace });
  const eventOf = async (runId: string, stepId: string, iteration = 0) =>
    ((await story.stepOf(runId, stepId, iteration))?.output as { id: string } | null)?.id;

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
    task = await createReadyTask(db.owner, acme.id);
    await createReadyTask(db.owner, acme.id, { slug: 'child' });
  });

  describe('for nothing but its time', () => {
    it('is a wait that the workflow ends, and says until when', async () => {
      const id = await story.startOpen(task);
      expect(await story.nap(id, 'nap')).toEqual({ verdict: 'go', epoch: 1 });
      expect(await findRun(db.owner, id)).toMatchObject({
        state: 'waiting',
        reason: { code: 'SLEEPING', message: 'nap sleeps', wakesAt: '2031-01-01T00:00:00+00:00' },
      });
      expect((await story.eventsOf(id)).at(-1)).toBe('step.waiting');
    });

    it('is not begun a second time when the same execution asks again', async () => {
      const id = await story.startOpen(task);
      await story.nap(id, 'nap');
      const before = await findRun(db.owner, id);
      expect(await story.nap(id, 'nap', { wakesAt: '2040-01-01T00:00:00Z' })).toEqual({ verdict: 'go', epoch: 1 });
      expect(await findRun(db.owner, id)).toEqual(before);
    });

    it('begins anew after a reset', async () => {
      const id = await story.startOpen(task);
      await story.nap(id, 'nap');
      expect(await story.nap(id, 'nap', { execution: 2, wakesAt: '2040-01-01T00:00:00Z' })).toMatchObject({ epoch: 2 });
      expect((await findRun(db.owner, id)).reason).toMatchObject({ wakesAt: '2040-01-01T00:00:00+00:00' });
    });
  });

  describe('for an event', () => {
    it('says for which, and looks again when the wait is visible to others', async () => {
      const id = await story.startOpen(task);
      expect(await story.wait(id, 'paid', { kind: 'event', name: 'order.paid', match: {} })).toMatchObject({ verdict: 'go' });
      expect((await findRun(db.owner, id)).reason).toMatchObject({
        code: 'WAITING_FOR_EVENT',
        message: 'paid waits for the event order.paid',
        event: 'order.paid',
      });
      const { rows } = await db.owner.query('select kind, step_id, iteration from durabase_private.deeds where run_id = $1', [
        id,
      ]);
      expect(rows).toEqual([{ kind: 'event-wait', step_id: 'paid', iteration: 0 }]);
    });

    it('is over at once when the event came since the run began, the oldest first', async () => {
      const id = await story.startOpen(task);
      const first = await emit('a.first', { n: 1, more: true });
      await emit('a.first', { n: 1 });
      expect(await story.wait(id, 'paid', { kind: 'event', name: 'a.first', match: { n: 1 } })).toEqual({
        verdict: 'done',
        epoch: 1,
      });
      expect(await story.stepOf(id, 'paid')).toMatchObject({
        state: 'completed',
        output: { id: first.id, name: 'a.first', data: { n: 1, more: true }, at: expect.any(String) as unknown },
      });
      expect((await story.eventsOf(id)).slice(-2)).toEqual(['step.waiting', 'step.completed']);
      expect(await readValue(db.owner, 'select count(*)::int from durabase_private.deeds where run_id = $1', [id])).toBe(0);
    });

    it('does not take what came before the run, what has another name, does not match, or is of another workspace', async () => {
      const other = await createWorkspace(db.owner, 'other');
      await emit('b.early', { n: 1 });
      const id = await story.startOpen(task);
      await emit('b.other', { n: 1 });
      await emit('b.early', { n: 2 });
      await emit('b.early', { n: 1 }, other.id);
      expect(await story.wait(id, 'paid', { kind: 'event', name: 'b.early', match: { n: 1 } })).toMatchObject({ verdict: 'go' });
      await story.doDeeds();
      expect((await story.stepOf(id, 'paid'))?.state).toBe('waiting');
    });

    it('does not take an event that another step of the run has taken, however large it is', async () => {
      const id = await story.startOpen(task);
      const events = [await emit('c.many', { text: 'x'.repeat(40_000) }), await emit('c.many')];
      for (const iteration of [0, 1, 2]) await story.wait(id, 'each', { kind: 'event', name: 'c.many' }, { iteration });
      // the first one was put aside
      expect((await story.stepOf(id, 'each', 0))?.output_ref).not.toBeNull();
      expect(await eventOf(id, 'each', 1)).toBe(events[1]?.id);
      expect((await story.stepOf(id, 'each', 2))?.state).toBe('waiting');
    });

    it('takes after a reset the event that it had taken before', async () => {
      const id = await story.startOpen(task);
      const { id: event } = await emit('d.once');
      await story.wait(id, 'paid', { kind: 'event', name: 'd.once' });
      expect(await story.wait(id, 'paid', { kind: 'event', name: 'd.once' }, { execution: 2 })).toMatchObject({
        verdict: 'done',
        epoch: 2,
      });
      expect(await eventOf(id, 'paid')).toBe(event);
      await story.wait(id, 'other', { kind: 'event', name: 'd.once' }, { execution: 2 });
      expect((await story.stepOf(id, 'other'))?.state).toBe('waiting');
    });

    it('remembers what was taken beyond the end of the run', async () => {
      const id = await story.startOpen(task);
      await emit('e.once');
      await story.wait(id, 'paid', { kind: 'event', name: 'e.once' });
      await story.wait(id, 'open', { kind: 'event', name: 'e.never' });
      await story.finish(id);
      expect(await story.count('event_waits', id)).toBe(1);
      await story.wait(id, 'other', { kind: 'event', name: 'e.once' }, { execution: 2 });
      expect((await story.stepOf(id, 'other'))?.state).toBe('waiting');
    });
  });

  describe('for a run of another task', () => {
    const child = { kind: 'child', task: 'child', input: { n: 1 }, isWaited: true };

    it('starts it, and says which it is', async () => {
      const id = await story.startOpen(task);
      expect(await story.wait(id, 'run', child)).toMatchObject({ verdict: 'go' });
      const [started] = await story.childrenOf(id);
      expect(started).toMatchObject({ state: 'queued', input: { n: 1 } });
      expect((await findRun(db.owner, id)).reason).toEqual({
        code: 'WAITING_FOR_RUN',
        message: 'run waits for its run of child',
        runId: started?.id,
      });
      const before = await findRun(db.owner, id);
      await story.wait(id, 'run', child); // asked again
      expect(await story.childrenOf(id)).toHaveLength(1);
      expect(await findRun(db.owner, id)).toEqual(before);
    });

    it('keeps the reason of what runs beside it', async () => {
      const id = await story.startOpen(task);
      await story.begin(id, 'busy');
      await story.wait(id, 'run', child);
      expect(await findRun(db.owner, id)).toMatchObject({ state: 'running', reason: null });
    });

    it('is done when the run is accepted, if it is not to be waited for', async () => {
      const id = await story.startOpen(task);
      expect(await story.wait(id, 'run', { ...child, isWaited: false })).toEqual({ verdict: 'done', epoch: 1 });
      const [started] = await story.childrenOf(id);
      expect((await story.stepOf(id, 'run'))?.output).toEqual({ runId: started?.id, state: 'queued', output: null });
    });

    it('is done after a reset when that run has ended well, and starts another one when it has not', async () => {
      const id = await story.startOpen(task);
      await story.wait(id, 'run', child);
      await story.wait(id, 'bad', child);
      const [good, bad] = await story.childrenOf(id);
      await story.finish(good?.id ?? '', { output: 7 });
      await story.finish(bad?.id ?? '', { state: 'failed' });
      expect(await story.wait(id, 'run', child, { execution: 2 })).toMatchObject({ verdict: 'done', epoch: 2 });
      expect((await story.stepOf(id, 'run'))?.output).toEqual({ runId: good?.id, state: 'completed', output: 7 });
      expect(await story.wait(id, 'bad', child, { execution: 2 })).toMatchObject({ verdict: 'go', epoch: 2 });
      expect(await story.childrenOf(id)).toHaveLength(3);
    });

    it('refuses the whole step when the run is refused, and nothing of it is written', async () => {
      const id = await story.startOpen(task);
      const before = await findRun(db.owner, id);
      await expect(story.wait(id, 'run', { ...child, task: 'nothing' })).rejects.toThrow('no task "nothing" is visible to you');
      expect(await findRun(db.owner, id)).toEqual(before);
      expect(await story.stepsOf(id)).toEqual([]);
    });
  });

  describe('for somebody outside', () => {
    it('waits, and can be ended with a token that came with it', async () => {
      const id = await story.startOpen(task);
      const tokenHash = createHash('sha256').update('secret').digest('hex');
      await story.wait(id, 'make', { kind: 'external', tokenHash });
      expect((await findRun(db.owner, id)).reason).toEqual({
        code: 'WAITING',
        message: 'make waits to be completed from outside',
      });
      await asAnonymous(db.owner, (client) => callRow(client, 'durabase.end_step_by_token', { token: 'secret', output: 5 }));
      expect(await story.stepOf(id, 'make')).toMatchObject({ state: 'completed', output: 5 });
      expect(await story.wishesOf(id)).toEqual(['wake']);
    });

    it('waits for its time, too', async () => {
      const id = await story.startOpen(task);
      await story.wait(id, 'make', { kind: 'external' }, { wakesAt: '2031-01-01T00:00:00Z' });
      expect((await findRun(db.owner, id)).reason).toMatchObject({ code: 'WAITING', wakesAt: '2031-01-01T00:00:00+00:00' });
    });
  });

  it('says "done" when it is over already, whoever ended it', async () => {
    const id = await story.startOpen(task);
    await story.wait(id, 'make', { kind: 'external' });
    await callRow(db.owner, 'durabase.complete_step', { run: id, step: 'make' });
    expect(await story.wait(id, 'make', { kind: 'external' })).toEqual({ verdict: 'done', epoch: 1 });
  });

  it('names the wait that goes on first', async () => {
    const id = await story.startOpen(task);
    await story.wait(id, 'a', { kind: 'external' });
    await story.nap(id, 'z', { wakesAt: '2030-01-01T00:00:00Z' });
    await story.nap(id, 'b');
    expect((await findRun(db.owner, id)).reason?.message).toBe('z sleeps');
  });
});
