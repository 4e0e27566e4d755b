import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  admitRun,
  createReadyTask,
  createRunIn,
  createWorkspace,
  executionOf,
  findRun,
  startRun,
  type ReadyTask,
  type Workspace,
} from '../../support/build-rows.ts';
import { callRow, callValue, readValue } from '../../support/call.ts';
import { useDatabase } from '../../support/use-database.ts';

interface Answer {
  readonly verdict: string;
  readonly epoch?: number;
  readonly deadlineAt?: string;
  readonly reason?: string;
}

const STEP = { stepId: 'hello', name: 'Hello', action: 'log', input: { text: 'hi' } };

describe('open_runs', () => {
  const db = useDatabase();
  let acme: Workspace;
  let task: ReadyTask;
  let limited: ReadyTask;

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
    task = await createReadyTask(db.owner, acme.id);
    limited = await createReadyTask(db.owner, acme.id, { slug: 'limited', plan: { mode: 'sync' } });
  });

  const open = async (runId: string, more: object = {}): Promise<Answer> => {
    const [answer] = await callValue<Answer[]>(db.engine, 'durabase_private.open_runs', {
      p_items: [{ ...executionOf(runId), steps: [STEP], ...more }],
    });
    if (answer === undefined) throw new Error('no answer');
    return answer;
  };
  const startAdmitted = async (of = task) => {
    const { id } = await startRun(db.owner, of);
    await admitRun(db.owner, id);
    return id;
  };
  const reset = (runId: string, number = 2) => ({ temporalRunId: `exec-${number}-${runId}` });
  const isQueued = async (runId: string) =>
    (await readValue<number>(db.owner, 'select count(*)::int from durabase_private.run_queue where run_id = $1', [runId])) === 1;
  const holdsPermit = async (runId: string) =>
    (await readValue<number>(db.owner, 'select count(*)::int from durabase_private.permits where run_id = $1', [runId])) === 1;
  const eventsOf = async (runId: string) =>
    (
      await db.owner.query<{ line: string }>(
        "select seq || ' ' || kind as line from durabase.run_events where run_id = $1 order by seq",
        [runId],
      )
    ).rows.map((row) => row.line);

  it('opens an admitted run with its first steps', async () => {
    const id = await startAdmitted();
    expect(await open(id, { deadlineMs: 60_000 })).toMatchObject({ verdict: 'go', epoch: 1 });
    const run = await findRun(db.owner, id);
    expect(run).toMatchObject({ state: 'running', epoch: 1, temporal_run_id: `exec-1-${id}`, reason: null });
    expect((run.deadline_at?.getTime() ?? 0) - (run.started_at?.getTime() ?? 0)).toBe(60_000);
    expect(await isQueued(id)).toBe(false);
    const { rows } = await db.owner.query(
      'select step_id, iteration, state, epoch, attempt, input from durabase.run_steps where run_id = $1',
      [id],
    );
    expect(rows).toEqual([{ step_id: 'hello', iteration: 0, state: 'running', epoch: 1, attempt: 1, input: { text: 'hi' } }]);
    expect(await eventsOf(id)).toEqual(['1 run.queued', '2 run.running', '3 step.started']);
  });

  it('gives the same answer when the same execution asks again, and changes nothing', async () => {
    const id = await startAdmitted();
    const first = await open(id, { deadlineMs: 60_000 });
    const before = await findRun(db.owner, id);
    expect(await open(id, { deadlineMs: 60_000 })).toEqual(first);
    expect(await findRun(db.owner, id)).toEqual(before);
  });

  it('lets one of many concurrent executions own the run', async () => {
    const id = await startAdmitted();
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        open(id, { temporalRunId: `other-${index}-${id}`, firstRunId: `other-${index}-${id}` }),
      ),
    );
    expect(answers.map(({ verdict }) => verdict).toSorted()).toEqual(['go', ...Array.from({ length: 7 }, () => 'refused')]);
  });

  it('refuses an execution of another chain', async () => {
    const id = await startAdmitted();
    await open(id);
    const foreign = await open(id, { temporalRunId: `foreign-${id}`, firstRunId: `foreign-${id}` });
    expect(foreign).toMatchObject({ verdict: 'refused', reason: 'another execution owns this run' });
    expect((await findRun(db.owner, id)).epoch).toBe(1);
  });

  it('refuses an execution that does not say from which chain it comes', async () => {
    const id = await startAdmitted();
    await open(id);
    expect(await open(id, { temporalRunId: `nameless-${id}`, firstRunId: null })).toMatchObject({ verdict: 'refused' });
  });

  it('refuses an execution that belongs to another run', async () => {
    const [one, other] = [await startAdmitted(), await startAdmitted()];
    await open(one);
    expect(await open(other, { temporalRunId: `exec-1-${one}`, firstRunId: `exec-1-${one}` })).toMatchObject({
      verdict: 'refused',
    });
  });

  it('refuses a run that does not exist', async () => {
    expect(await open('01890000-0000-7000-8000-000000000000')).toEqual({ verdict: 'refused', reason: 'no such run' });
  });

  it('refuses a run that ended before it was opened', async () => {
    const { id } = await createRunIn(db.owner, task, 'expired');
    expect(await open(id)).toMatchObject({ verdict: 'refused', reason: 'the run has already ended', state: 'expired' });
  });

  it('lets a workflow that was started by hand wait for its admission', async () => {
    const { id } = await startRun(db.owner, task);
    expect(await open(id)).toEqual({ verdict: 'wait', epoch: 1 });
    expect((await findRun(db.owner, id)).state).toBe('queued');
    await admitRun(db.owner, id);
    expect(await open(id)).toMatchObject({ verdict: 'go', epoch: 1 });
  });

  it('says that an ended run has ended when its own execution asks', async () => {
    const id = await startAdmitted();
    await open(id);
    await callValue(db.engine, 'durabase_private.finish_runs', {
      p_items: [{ ...executionOf(id), state: 'completed', output: 1 }],
    });
    expect(await open(id)).toMatchObject({ verdict: 'ended', epoch: 1 });
    expect((await findRun(db.owner, id)).state).toBe('completed');
  });

  it('tells a run that was cancelled before it opened, each time it asks', async () => {
    const id = await startAdmitted();
    await callRow(db.owner, 'durabase.cancel_run', { run: id });
    expect((await open(id)).verdict).toBe('cancel');
    expect((await open(id)).verdict).toBe('cancel');
  });

  it.each([
    [['waiting', 'running'], 'running'],
    [['waiting', 'awaiting_input'], 'awaiting_input'],
    [['waiting', 'waiting'], 'waiting'],
    [[], 'running'],
  ])('derives the state of a run whose first steps are %j', async (states, expected) => {
    const id = await startAdmitted();
    await open(id, { steps: states.map((state, index) => ({ ...STEP, stepId: `step-${index}`, state })) });
    expect((await findRun(db.owner, id)).state).toBe(expected);
  });

  it('says why a run waits that opens with a sleep', async () => {
    const id = await startAdmitted();
    await open(id, { steps: [{ ...STEP, action: 'sleep', state: 'waiting', wakesAt: '2031-01-01T00:00:00Z' }] });
    expect(await findRun(db.owner, id)).toMatchObject({ state: 'waiting', reason: { code: 'SLEEPING' } });
  });

  it('opens a batch whose runs come in any order, and answers in that order', async () => {
    const ids = [await startAdmitted(), await startAdmitted(), await startAdmitted()].toReversed();
    const answers = await callValue<Answer[]>(db.engine, 'durabase_private.open_runs', {
      p_items: [
        ...ids.map((id) => ({ ...executionOf(id), steps: [] })),
        { ...executionOf(ids[0] ?? ''), temporalRunId: 'x', firstRunId: 'x', steps: [] },
      ],
    });
    expect(answers.map(({ verdict }) => verdict)).toEqual(['go', 'go', 'go', 'refused']);
  });

  it.each(['queued', 'running'] as const)('lets batches over %s runs in opposite order pass each other', async (state) => {
    for (let round = 0; round < 3; round += 1) {
      const runs = await Promise.all(Array.from({ length: 40 }, () => createRunIn(db.owner, task, state)));
      const items = runs.map(({ id }) => ({ ...executionOf(id), steps: [] }));
      const openAll = (batch: readonly object[]) =>
        callValue<Answer[]>(db.engine, 'durabase_private.open_runs', { p_items: batch });
      const answers = await Promise.all([
        openAll(items),
        openAll(items.toReversed()),
        openAll(items),
        openAll(items.toReversed()),
      ]);
      expect(new Set(answers.flat().map(({ verdict }) => verdict))).toEqual(new Set([state === 'queued' ? 'wait' : 'go']));
    }
  });

  describe('after a reset', () => {
    it('forgets that the former execution was to be cancelled', async () => {
      const id = await startAdmitted();
      await open(id);
      await callRow(db.owner, 'durabase.cancel_run', { run: id });
      expect((await open(id, reset(id))).verdict).toBe('go');
      expect((await findRun(db.owner, id)).cancel_requested_at).toBeNull();
      expect(await readValue(db.owner, 'select count(*)::int from durabase_private.wishes where run_id = $1', [id])).toBe(0);
    });

    it('opens the next epoch and drops what was under way', async () => {
      const id = await startAdmitted();
      await open(id);
      expect(await open(id, { ...reset(id), steps: [] })).toMatchObject({ verdict: 'go', epoch: 2 });
      expect(await findRun(db.owner, id)).toMatchObject({ state: 'running', epoch: 2, temporal_run_id: `exec-2-${id}` });
      expect(await readValue(db.owner, 'select state from durabase.run_steps where run_id = $1', [id])).toBe('cancelled');
    });

    it('refuses the execution that was overtaken', async () => {
      const id = await startAdmitted();
      await open(id);
      await open(id, reset(id));
      expect(await open(id)).toMatchObject({ verdict: 'refused', reason: 'a later execution has taken over' });
    });

    it('brings an ended run back to life, with an audit row', async () => {
      const id = await startAdmitted();
      await open(id);
      await callValue(db.engine, 'durabase_private.finish_runs', {
        p_items: [{ ...executionOf(id), state: 'failed', error: { code: 'STEP_FAILED', message: 'no' } }],
      });
      expect(await open(id, reset(id))).toMatchObject({ verdict: 'go', epoch: 2 });
      expect(await findRun(db.owner, id)).toMatchObject({ state: 'running', error: null, finished_at: null, authority: 0 });
      const { rows } = await db.owner.query(
        "select actor_kind, details from durabase.audit_log where entity_id = $1 and action = 'run.reset'",
        [id],
      );
      expect(rows).toEqual([{ actor_kind: 'operator', details: { epoch: 2, was: 'failed', temporalRunId: `exec-2-${id}` } }]);
    });

    it('needs its permits again and waits while somebody else holds them', async () => {
      const [first, second] = [await startAdmitted(limited), (await startRun(db.owner, limited)).id];
      await open(first);
      await callValue(db.engine, 'durabase_private.finish_runs', {
        p_items: [{ ...executionOf(first), state: 'completed', output: 1 }],
      });
      await admitRun(db.owner, second);
      await open(second);
      expect(await open(first, reset(first))).toEqual({ verdict: 'wait', epoch: 2 });
      expect(await findRun(db.owner, first)).toMatchObject({ state: 'queued', reason: { code: 'LIMIT_REACHED' } });

      await callValue(db.engine, 'durabase_private.finish_runs', {
        p_items: [{ ...executionOf(second), state: 'completed', output: 1 }],
      });
      const admitted = await callValue<{ runs: { runId: string; signal: boolean }[] }>(db.engine, 'durabase_private.admit', {
        p_limit: 1000,
        p_claim_ms: 1000,
      });
      expect(admitted.runs).toContainEqual(expect.objectContaining({ runId: first, signal: true }));
      expect(await holdsPermit(first)).toBe(true);
      expect(await open(first, reset(first))).toMatchObject({ verdict: 'go', epoch: 2 });
    });

    it('takes its permits when they are free', async () => {
      const other = await createWorkspace(db.owner);
      const its = await createReadyTask(db.owner, other.id, { plan: { mode: 'sync' } });
      const id = await startAdmitted(its);
      await open(id);
      await callValue(db.engine, 'durabase_private.finish_runs', {
        p_items: [{ ...executionOf(id), state: 'completed', output: 1 }],
      });
      expect(await holdsPermit(id)).toBe(false);
      expect((await open(id, reset(id))).verdict).toBe('go');
      expect(await holdsPermit(id)).toBe(true);
    });
  });

  describe('adopt_start', () => {
    const adopt = (runId: string, taskName: string) =>
      callValue<{ runId: string }>(db.engine, 'durabase_private.adopt_start', {
        p_run: runId,
        p_workflow_id: `by-hand-${runId}`,
        p_workspace: acme.id,
        p_task: taskName,
        p_input: { by: 'hand' },
      });

    it('accepts what an operator started, once, and lets it wait for admission', async () => {
      const id = '01890000-0000-7000-8000-00000000000a';
      expect(await adopt(id, 'greet')).toEqual({ runId: id });
      expect(await adopt(id, 'greet')).toEqual({ runId: id });
      expect(await findRun(db.owner, id)).toMatchObject({
        state: 'queued',
        source: 'temporal',
        actor_kind: 'operator',
        workflow_id: `by-hand-${id}`,
      });
      expect(await readValue(db.owner, 'select count(*)::int from durabase.audit_log where entity_id = $1', [id])).toBe(1);
      expect((await open(id)).verdict).toBe('wait');
    });

    it('refuses a task that is not there', async () => {
      await expect(adopt('01890000-0000-7000-8000-00000000000b', 'nothing')).rejects.toThrow(
        'no task "nothing" is visible to you',
      );
    });
  });

  it('loads what opening needs', async () => {
    const { id } = await startRun(db.owner, task, { input: { a: 1 } });
    const [loaded] = await callValue<object[]>(db.engine, 'durabase_private.load_runs', { p_runs: [id] });
    expect(loaded).toMatchObject({
      runId: id,
      taskSlug: 'greet',
      versionId: task.versionId,
      input: { a: 1 },
      actor: { kind: 'sql_role' },
    });
    expect(await callValue(db.engine, 'durabase_private.load_plan', { p_version: task.versionId })).toMatchObject({
      mode: 'async',
    });
  });
});
