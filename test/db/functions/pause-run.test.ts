import { beforeAll, describe, expect, it } from '@jest/globals';
import { asUser } from '../../support/as-role.ts';
import {
  admitRun,
  createReadyTask,
  createRunIn,
  createWorkspace,
  findRun,
  startRun,
  type ReadyTask,
  type Run,
  type Workspace,
} from '../../support/build-rows.ts';
import type { RunState } from '@durabase/contracts';
import { callRow, readValue } from '../../support/call.ts';
import { refusalOf, refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';
import { tellStory } from '../support/tell-story.ts';

describe('pause_run and resume_run', () => {
  const db = useDatabase();
  const story = tellStory(db);
  let acme: Workspace;
  let task: ReadyTask;

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
    task = await createReadyTask(db.owner, acme.id);
  });

  const pause = (run: string, reason: string | null = null) =>
    asUser(db.owner, acme.users.admin, (client) => callRow<Run>(client, 'durabase.pause_run', { run, reason }));
  const resume = (run: string) =>
    asUser(db.owner, acme.users.admin, (client) => callRow<Run>(client, 'durabase.resume_run', { run }));
  const admit = async (): Promise<readonly string[]> =>
    (await readValue<{ runs: { runId: string }[] }>(db.engine, 'select durabase_private.admit(1000, 60000)')).runs.map(
      ({ runId }) => runId,
    );
  const readyAt = (runId: string) =>
    readValue<string>(db.owner, 'select ready_at::text from durabase_private.run_queue where run_id = $1', [runId]);

  it('write one event and one audit row each, and tell the feeds once', async () => {
    const id = await story.startOpen(task);
    const before = await findRun(db.owner, id);
    const paused = await pause(id, 'lunch');
    expect(paused).toMatchObject({
      state: 'paused',
      reason: { code: 'PAUSED', message: 'paused: lunch' },
      version: String(Number(before.version) + 1),
      event_seq: String(Number(before.event_seq) + 1),
    });
    expect(await resume(id)).toMatchObject({ state: 'running', reason: null, version: String(Number(before.version) + 2) });
    const { rows } = await db.owner.query(
      "select kind, state, data from durabase.run_events where run_id = $1 and kind in ('run.paused', 'run.resumed') order by seq",
      [id],
    );
    const by = `${acme.users.admin}@example.test`;
    expect(rows).toEqual([
      { kind: 'run.paused', state: 'paused', data: { reason: 'lunch', by } },
      { kind: 'run.resumed', state: 'running', data: { by } },
    ]);
    expect((await story.auditOf(id)).slice(1)).toEqual(['run.paused by user', 'run.resumed by user']);
    const told = await db.owner.query(
      'select version::int from durabase_private.feed_inbox where run_id = $1 order by n desc limit 2',
      [id],
    );
    expect(told.rows).toEqual([{ version: Number(before.version) + 2 }, { version: Number(before.version) + 1 }]);
  });

  it('change nothing the second time', async () => {
    const id = await story.startOpen(task);
    await resume(id);
    expect((await story.auditOf(id)).length).toBe(1);
    const first = await pause(id, 'one');
    expect(await pause(id, 'two')).toEqual(first);
    expect((await story.auditOf(id)).length).toBe(2);
  });

  it.each(['completed', 'failed', 'timed_out', 'cancelled', 'skipped', 'expired'] as RunState[])(
    'refuse a run that is %s',
    async (state) => {
      const { id } = await createRunIn(db.owner, task, state);
      for (const call of [pause, resume])
        expect(await refusalOf(call(id))).toMatchObject({
          sqlstate: 'PT409',
          code: 'RUN_FINISHED',
          path: 'run',
          message: `the run has already ended: ${state}`,
        });
    },
  );

  it('refuse a reason of more than 1,000 characters, and runs that are not there', async () => {
    const id = await story.startOpen(task);
    expect(await refusedAs(pause(id, 'x'.repeat(1_001)))).toBe('422 INVALID_REQUEST');
    expect((await pause(id, 'x'.repeat(1_000))).state).toBe('paused');
    expect(await refusedAs(pause('01890000-0000-7000-8000-000000000000'))).toBe('404 RUN_NOT_FOUND');
  });

  describe('of an open run', () => {
    it('wake its workflow', async () => {
      const id = await story.startOpen(task);
      await pause(id);
      expect(await story.wishesOf(id)).toEqual(['wake']);
      await db.owner.query('delete from durabase_private.wishes where run_id = $1', [id]);
      await resume(id);
      expect(await story.wishesOf(id)).toEqual(['wake']);
    });

    it('let what is under way end: the run is paused when nothing runs any more', async () => {
      const id = await story.startOpen(task);
      await story.begin(id, 'busy');
      expect((await pause(id)).state).toBe('running');
      await story.end(id, 'busy', { attempt: 1 });
      expect(await findRun(db.owner, id)).toMatchObject({ state: 'paused', reason: { code: 'PAUSED' } });
    });

    it.each([
      ['a sleep', 'waiting', 'SLEEPING'],
      ['a next attempt', 'retrying', 'RETRYING'],
      ['an answer', 'awaiting_input', undefined],
    ])('hide and show again that it waits for %s', async (_, state, code) => {
      const id = await story.startOpen(task);
      if (state === 'retrying') {
        await story.begin(id, 'step');
        await story.end(id, 'step', {
          attempt: 1,
          state,
          error: { code: 'X', message: 'x' },
          nextAttemptAt: '2031-01-01T00:00:00Z',
        });
      } else await story.nap(id, 'step', { state });
      expect(await pause(id)).toMatchObject({ state: 'paused', reason: { code: 'PAUSED', message: 'paused' } });
      const resumed = await resume(id);
      expect([resumed.state, resumed.reason?.code]).toEqual([state, code]);
    });

    it('go on while timers, deadline and events go on', async () => {
      const id = await story.startOpen(task);
      await db.owner.query("update durabase.task_runs set deadline_at = '2031-01-01Z' where id = $1", [id]);
      await story.nap(id, 'nap');
      await story.wait(id, 'paid', { kind: 'event', name: 'order.paid' });
      await pause(id);
      await story.end(id, 'nap');
      await callRow(db.owner, 'durabase.emit_event', { name: 'order.paid', workspace: acme.id });
      await story.doDeeds();
      expect(await story.stepsOf(id)).toEqual(['nap/0 completed@1', 'paid/0 completed@1']);
      expect(await findRun(db.owner, id)).toMatchObject({ state: 'paused', deadline_at: new Date('2031-01-01') });
    });

    it('are no hindrance to its end or to its cancellation', async () => {
      const [ending, cancelling] = [await story.startOpen(task), await story.startOpen(task)];
      await pause(ending);
      await story.finish(ending);
      expect(await findRun(db.owner, ending)).toMatchObject({ state: 'completed', reason: null });
      await pause(cancelling);
      await callRow(db.owner, 'durabase.cancel_run', { run: cancelling });
      expect(await story.wishesOf(cancelling)).toEqual(['cancel', 'wake']);
    });
  });

  describe('of a run that is not open yet', () => {
    it('keep it in the queue, and let it in again in its old place', async () => {
      const [first, second] = [await startRun(db.owner, task), await startRun(db.owner, task)];
      expect(await pause(first.id, 'not yet')).toMatchObject({
        state: 'paused',
        reason: { code: 'PAUSED', message: 'paused: not yet' },
      });
      expect(await readyAt(first.id)).toBe('infinity');
      expect(await story.wishesOf(first.id)).toEqual([]); // nobody to wake
      await pause(second.id);
      expect(await resume(first.id)).toMatchObject({ state: 'queued', reason: null });
      await resume(second.id);
      const admitted = await admit();
      expect(admitted.filter((id) => id === first.id || id === second.id)).toEqual([first.id, second.id]);
    });

    it('keep a paused one from being admitted', async () => {
      const { id } = await startRun(db.owner, task);
      await pause(id);
      expect(await admit()).not.toContain(id);
      await resume(id);
      expect(await admit()).toContain(id);
    });

    it('let a scheduled one wait for its time again', async () => {
      const run = await createRunIn(db.owner, task, 'scheduled');
      expect((await pause(run.id)).state).toBe('paused');
      expect((await resume(run.id)).state).toBe('scheduled');
      expect(new Date(await readyAt(run.id))).toEqual(run.run_at);
    });

    it('keep one that needs a check from being checked', async () => {
      const needy = await createReadyTask(db.owner, acme.id, { slug: 'needy', plan: { inputSchema: {} } });
      const { id } = await startRun(db.owner, needy);
      await pause(id);
      const { rows } = await db.engine.query<{ run_id: string }>('select run_id from durabase_private.claim_unchecked(1000)');
      expect(rows.map((row) => row.run_id)).not.toContain(id);
    });

    it('can be cancelled meanwhile', async () => {
      const { id } = await startRun(db.owner, task);
      await pause(id);
      expect((await callRow<Run>(db.owner, 'durabase.cancel_run', { run: id })).state).toBe('cancelled');
    });

    it('hold one that a dispatcher is starting when it opens: no step begins, and it says so', async () => {
      const { id } = await startRun(db.owner, task);
      await admitRun(db.owner, id);
      expect((await pause(id, 'wait')).state).toBe('queued');
      expect(await story.wishesOf(id)).toEqual([]);
      const steps = [{ stepId: 'hello', name: 'Hello', action: 'log', input: {} }];
      expect(await story.open(id, { steps })).toMatchObject({ verdict: 'go', isPaused: true });
      expect(await findRun(db.owner, id)).toMatchObject({ state: 'paused', reason: { code: 'PAUSED' } });
      expect([await story.stepsOf(id), (await story.eventsOf(id)).at(-1)]).toEqual([[], 'run.running']);
      expect((await resume(id)).state).toBe('running');
    });
  });

  describe('of a run that waits for a permit', () => {
    const holding = async () => {
      const { id: workspace } = await createWorkspace(db.owner);
      const sync = await createReadyTask(db.owner, workspace, { plan: { mode: 'sync' } });
      const holder = await story.startOpen(sync);
      const [first, second] = [(await startRun(db.owner, sync)).id, (await startRun(db.owner, sync)).id];
      await admit();
      expect((await findRun(db.owner, first)).reason?.code).toBe('LIMIT_REACHED');
      return { holder, first, second };
    };
    const hold = (run: string) => callRow<Run>(db.owner, 'durabase.pause_run', { run });

    it('let the next one have it', async () => {
      const { holder, first, second } = await holding();
      await hold(first);
      await story.finish(holder);
      expect(await admit()).toEqual([second]);
    });

    it('let the next one have it also when it was freed for the one that is paused now', async () => {
      const { holder, first, second } = await holding();
      await story.finish(holder); // unblocks the first
      await hold(first);
      expect(await admit()).toEqual([second]);
    });

    it('queue it again when it is resumed', async () => {
      const { holder, first, second } = await holding();
      await hold(first);
      expect((await callRow<Run>(db.owner, 'durabase.resume_run', { run: first })).state).toBe('queued');
      await admit();
      expect((await findRun(db.owner, first)).reason?.code).toBe('LIMIT_REACHED');
      await story.finish(holder);
      expect(await admit()).toEqual([first]);
      expect((await findRun(db.owner, second)).state).toBe('queued');
    });

    it('say what it waits for when a reset has put it back into the queue', async () => {
      const { holder, first } = await holding();
      await story.finish(holder);
      await admitRun(db.owner, first);
      await story.open(first);
      expect((await story.open(holder, { execution: 2 })).verdict).toBe('wait'); // set back, and its permit is another's
      expect((await hold(holder)).state).toBe('paused');
      expect(await callRow<Run>(db.owner, 'durabase.resume_run', { run: holder })).toMatchObject({ state: 'queued' });
      await story.finish(first);
      expect(await admit()).toHaveLength(1);
    });
  });
});
