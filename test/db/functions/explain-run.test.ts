import { beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import { RUN_STATES } from '@durabase/contracts';
import type { RunExplanation } from '@durabase/contracts/api/run-explanation';
import { runExplanation } from '@durabase/contracts/api/run-explanation';
import { asAnonymous, asService, asUser } from '../../support/as-role.ts';
import {
  admitRun,
  createReadyTask,
  createRunIn,
  createUser,
  createWorkspace,
  shareTask,
  startRun,
  type ReadyTask,
  type Run,
  type Workspace,
} from '../../support/build-rows.ts';
import { callRow, callValue, readValue } from '../../support/call.ts';
import { refusedAs } from '../../support/refusals.ts';
import { useDatabase } from '../../support/use-database.ts';
import { LATER, tellStory } from '../support/tell-story.ts';

const UNTIL = new Date(LATER).toISOString();

describe('explain_run', () => {
  const db = useDatabase();
  const story = tellStory(db);
  let acme: Workspace;
  let task: ReadyTask;
  let stranger: string;
  let reader: string;

  beforeAll(async () => {
    await db.owner.query("update durabase.instance_settings set sign_up = 'nothing'");
    acme = await createWorkspace(db.owner);
    task = await createReadyTask(db.owner, acme.id);
    [stranger, reader] = [await createUser(db.owner), await createUser(db.owner)];
    await shareTask(db.owner, { taskId: task.id, userId: reader });
  });

  const ask = (run: string) => (client: pg.ClientBase) => callValue<RunExplanation>(client, 'durabase.explain_run', { run });
  const explain = async (run: string, userId = acme.users.viewer): Promise<RunExplanation> =>
    runExplanation.parse(await asUser(db.owner, userId, ask(run)));
  const startAs = (userId: string, of = task): Promise<Run> =>
    asUser(db.owner, userId, (client) => callRow<Run>(client, 'durabase.start_run', { task: of.id }));
  const poll = (isPolling: boolean) =>
    db.owner.query(
      "insert into durabase_private.workers values ('w', 'q', now(), now(), $1) on conflict (id) do update set is_polling = $1, seen_at = now()",
      [isPolling],
    );
  const admit = () => db.engine.query('select durabase_private.admit(1000, 60000)');

  describe('answers', () => {
    it.each(['owner', 'admin', 'editor', 'viewer'] as const)('%s for every run', async (role) => {
      const { id } = await startAs(acme.users.editor);
      expect((await explain(id, acme.users[role])).runId).toBe(id);
    });

    it('a runner for his own runs only', async () => {
      const [own, other] = [await startAs(acme.users.runner), await startAs(acme.users.editor)];
      expect((await explain(own.id, acme.users.runner)).runId).toBe(own.id);
      expect(await refusedAs(asUser(db.owner, acme.users.runner, ask(other.id)))).toBe('404 RUN_NOT_FOUND');
    });

    it('whom the task is shared with, and the service', async () => {
      const { id } = await startAs(acme.users.editor);
      expect((await explain(id, reader)).runId).toBe(id);
      expect((await asService(db.owner, ask(id))).runId).toBe(id);
    });

    it('no stranger, nobody anonymous, and nothing of runs that are not there', async () => {
      const { id } = await startAs(acme.users.editor);
      expect(await refusedAs(asUser(db.owner, stranger, ask(id)))).toBe('404 RUN_NOT_FOUND');
      expect(await refusedAs(asUser(db.owner, acme.users.owner, ask('01890000-0000-7000-8000-000000000000')))).toBe(
        '404 RUN_NOT_FOUND',
      );
      expect(await refusedAs(asAnonymous(db.owner, ask(id)))).toBe('42501');
    });

    it('as row-level security does, whoever asks', async () => {
      const run = await startAs(acme.users.runner);
      for (const userId of [...Object.values(acme.users), reader, stranger]) {
        const seen = await asUser(db.owner, userId, (client) =>
          readValue<number>(client, 'select count(*)::int from durabase.task_runs where id = $1', [run.id]),
        );
        const answer = await asUser(db.owner, userId, ask(run.id)).then(
          () => 1,
          () => 0,
        );
        expect([userId, answer]).toEqual([userId, seen]);
      }
    });
  });

  describe('of a run that is queued', () => {
    it('tells whether it is due, checked, admitted, and whether anybody works', async () => {
      await poll(false);
      const later = await startRun(db.owner, task, { run_at: LATER });
      expect(await explain(later.id)).toMatchObject({
        summary: `starts at ${UNTIL}`,
        queue: { place: null, runAt: UNTIL, isAdmitted: false, workerCount: 0, heldBy: null },
      });
      const { id } = await startRun(db.owner, task);
      expect((await explain(id)).summary).toBe('waits for a worker: none is polling');
      await poll(true);
      const due = await explain(id);
      expect(due.summary).toBe(`waits for its turn: number ${due.queue?.place} in line`);
      await db.owner.query('update durabase_private.run_queue set needs_check = true where run_id = $1', [id]);
      expect(await explain(id)).toMatchObject({
        summary: 'waits for a worker to look at its input',
        queue: { isChecked: false, place: null },
      });
      await db.owner.query('update durabase_private.run_queue set needs_check = false where run_id = $1', [id]);
      await admitRun(db.owner, id);
      expect(await explain(id)).toMatchObject({ summary: 'is being started', queue: { isAdmitted: true, place: null } });
    });

    it('tells its place among all that are due, by priority', async () => {
      await db.owner.query('delete from durabase_private.run_queue');
      const [slow, fast] = [await startRun(db.owner, task, { priority: 5 }), await startRun(db.owner, task, { priority: 1 })];
      const places = async () => [(await explain(slow.id)).queue?.place, (await explain(fast.id)).queue?.place];
      expect(await places()).toEqual([2, 1]);
      await admitRun(db.owner, fast.id);
      expect(await places()).toEqual([1, null]);
    });

    it('names the rule that holds it, and of the runs that hold its permits those that the caller sees', async () => {
      const narrow = await createReadyTask(db.owner, acme.id, { slug: 'narrow', plan: { mode: 'sync' } });
      const holder = await startAs(acme.users.editor, narrow);
      await admitRun(db.owner, holder.id);
      const [first, second] = [await startAs(acme.users.runner, narrow), await startAs(acme.users.runner, narrow)];
      await admit();
      const seen = await explain(second.id);
      expect(seen.queue).toMatchObject({
        place: 2,
        heldBy: {
          label: 'one sync run at a time in its workspace',
          limit: 1,
          heldCount: 1,
          holders: [{ runId: holder.id, state: 'queued' }],
        },
      });
      expect(seen.summary).toBe('waits for a permit: one sync run at a time in its workspace; 1 of 1 taken, number 2 in line');
      expect((await explain(first.id)).queue?.place).toBe(1);
      expect((await explain(first.id, acme.users.runner)).queue?.heldBy).toMatchObject({ heldCount: 1, holders: [] });
    });
  });

  describe('of a run that waits', () => {
    it('tells of each wait what it is for and until when, the earliest first', async () => {
      const id = await story.startOpen(task);
      await story.wait(id, 'paid', { kind: 'event', name: 'order.paid', match: { id: 7 } });
      await story.wait(id, 'print', { kind: 'external' });
      await callValue(db.owner, 'durabase.step_token', { run: id, step: 'print' });
      await story.nap(id, 'rest');
      await story.wait(id, 'kid', { kind: 'child', task: task.slug, isWaited: true });
      const { waits, waitCount, summary } = await explain(id);
      const child = await readValue<string>(db.owner, 'select run_id from durabase.run_links where parent_run_id = $1', [id]);
      expect(waitCount).toBe(4);
      expect(summary).toBe(`rest sleeps until ${UNTIL}, and 3 more`);
      expect(waits.map(({ kind, stepId, message }) => [kind, stepId, message])).toEqual([
        ['sleep', 'rest', 'rest sleeps'],
        ['run', 'kid', `kid waits for the run ${child}`],
        ['event', 'paid', 'paid waits for the event order.paid'],
        ['external', 'print', 'print waits to be completed from outside'],
      ]);
      expect(waits).toMatchObject([
        { until: UNTIL, event: null, runId: null, tokenCount: 0 },
        { until: null, runId: child, runState: 'queued' },
        { event: 'order.paid', match: { id: 7 }, runId: null },
        { tokenCount: 1, event: null },
      ]);
    });

    it('tells of the next attempt, its time and the error', async () => {
      const { id } = await createRunIn(db.owner, task, 'retrying');
      expect(await explain(id)).toMatchObject({
        waits: [
          { kind: 'retry', message: 'hello waits for its attempt 2', until: expect.any(String), error: { code: 'STEP_FAILED' } },
        ],
      });
    });

    it('shows a hundred of many, and counts them all', async () => {
      const id = await story.startOpen(task);
      await db.owner.query(
        `insert into durabase.run_steps (run_id, step_id, iteration, workspace_id, name, action, state, epoch, attempt)
         select $1, 'each', n, $2, 'each', 'external', 'waiting', 1, 1 from generate_series(0, 149) n`,
        [id, acme.id],
      );
      const { waits, waitCount } = await explain(id);
      expect([waits.length, waitCount, waits[0]?.iteration, waits.at(-1)?.iteration]).toEqual([100, 150, 0, 99]);
    });
  });

  describe('of what people wished for', () => {
    it('tells who paused it, when and why, until it is resumed', async () => {
      const { id } = await startAs(acme.users.runner);
      await asUser(db.owner, acme.users.admin, (client) => callRow(client, 'durabase.pause_run', { run: id, reason: 'audit' }));
      const by = `${acme.users.admin}@example.test`;
      expect(await explain(id)).toMatchObject({
        state: 'paused',
        summary: `paused by ${by}: audit`,
        pause: { by, reason: 'audit', at: expect.any(String) },
        queue: { place: null },
      });
      await callRow(db.owner, 'durabase.resume_run', { run: id });
      expect((await explain(id)).pause).toBeNull();
    });

    it('tells of a pause that waits for what is under way', async () => {
      const { id } = await createRunIn(db.owner, task, 'running');
      await callRow(db.owner, 'durabase.pause_run', { run: id });
      expect((await explain(id)).summary).toBe('pauses as soon as what is under way has ended');
    });

    it('tells who cancelled it', async () => {
      const { id } = await createRunIn(db.owner, task, 'running');
      await asUser(db.owner, acme.users.admin, (client) => callRow(client, 'durabase.cancel_run', { run: id, reason: 'no' }));
      const by = `${acme.users.admin}@example.test`;
      expect(await explain(id)).toMatchObject({
        summary: `it is about to end: cancelled by ${by}: no`,
        cancel: { by, reason: 'no' },
      });
    });
  });

  it('says what stalls a run, what executes, and how it ended', async () => {
    const { id } = await createRunIn(db.owner, task, 'running');
    expect(await explain(id)).toMatchObject({ summary: 'steps are being executed', queue: null, waits: [], stalled: null });
    await callValue(db.engine, 'durabase_private.flag_run', { p_run: id, p_reason: 'no worker' });
    expect(await explain(id)).toMatchObject({ summary: 'it does not go on: no worker', stalled: { reason: 'no worker' } });
    const ended = await createRunIn(db.owner, task, 'failed');
    expect(await explain(ended.id)).toMatchObject({
      summary: 'it has ended: failed, it did not work',
      waits: [],
      waitCount: 0,
      queue: null,
    });
  });

  it('is there for every state', async () => {
    for (const state of RUN_STATES) {
      const { id } = await createRunIn(db.owner, task, state);
      const explained = await explain(id);
      expect([state, explained.state, explained.summary.length > 5]).toEqual([state, state, true]);
    }
  });
});
