import { beforeAll, describe, expect, it } from '@jest/globals';
import { findRun } from '../support/build-rows.ts';
import { eventually } from '../support/eventually.ts';
import { respondJson } from '../support/target-server.ts';
import { useEngine } from '../support/use-engine.ts';

/** Within this the mirror must show what somebody did in Temporal itself. */
const WITHIN = { timeoutMs: 10_000 };

const engine = useEngine();
const handleOf = (runId: string) => engine.temporal.workflow.getHandle(`run-${runId}`);
const stateOf = async (runId: string): Promise<string> => (await findRun(engine.db.owner, runId)).state;
const driftOf = async (runId: string): Promise<readonly string[]> =>
  (
    await engine.db.owner.query<{ kind: string }>('select kind from durabase_private.drift where run_id = $1 order by id', [
      runId,
    ])
  ).rows.map(({ kind }) => kind);

const reset = async (runId: string, toEvent: 'first' | 'last'): Promise<void> => {
  // The mirror may be ahead: a local activity has written before its workflow task is complete.
  const completed = await eventually(async () => {
    const { events } = await handleOf(runId).fetchHistory();
    const found = (events ?? []).filter((event) => event.workflowTaskCompletedEventAttributes != null);
    if (found.length === 0) throw new Error('no workflow task is complete');
    return found;
  });
  const event = toEvent === 'first' ? completed[0] : completed.at(-1);
  await engine.temporal.workflowService.resetWorkflowExecution({
    namespace: engine.temporal.options.namespace,
    workflowExecution: { workflowId: `run-${runId}` },
    reason: 'test',
    requestId: `${runId}-${toEvent}-${Date.now()}`,
    ...(event?.eventId === undefined || event.eventId === null ? {} : { workflowTaskFinishEventId: event.eventId }),
  });
};

beforeAll(async () => {
  await engine.startWorker();
  await engine.saveTask({ slug: 'nap', steps: [{ id: 'nap', action: 'sleep', with: { duration: '1 hour' } }] });
  await engine.saveTask({ slug: 'call', action: 'http', with: { url: `${engine.target.url}/effects`, method: 'POST' } });
}, 60_000);

const startNap = async (): Promise<string> => {
  const runId = await engine.startRun('nap');
  await eventually(async () => expect(await stateOf(runId)).toBe('waiting'));
  return runId;
};

describe('what somebody does in Temporal itself', () => {
  it('shows a termination, with an audit row', async () => {
    const runId = await startNap();
    await handleOf(runId).terminate('by hand');
    await eventually(async () => expect(await stateOf(runId)).toBe('cancelled'), WITHIN);
    expect((await findRun(engine.db.owner, runId)).error).toMatchObject({ code: 'RUN_TERMINATED' });
    expect(await engine.audit(runId)).toEqual(['run.started by user', 'run.terminated by operator']);
    expect(await driftOf(runId)).toEqual(['terminated']);
  });

  it('shows a cancellation, with an audit row', async () => {
    const runId = await startNap();
    await handleOf(runId).cancel();
    await eventually(async () => expect(await stateOf(runId)).toBe('cancelled'), WITHIN);
    expect(await engine.audit(runId)).toEqual(['run.started by user', 'run.cancelled by operator']);
  });

  it('shows a reset while the run goes on, as the next epoch', async () => {
    const runId = await startNap();
    await reset(runId, 'first');
    await eventually(async () => expect((await findRun(engine.db.owner, runId)).epoch).toBe(2), WITHIN);
    expect(await engine.audit(runId)).toEqual(['run.started by user', 'run.reset by operator']);
    await eventually(async () => expect(await stateOf(runId)).toBe('waiting'), WITHIN);
    await handleOf(runId).terminate();
  });

  it('reopens an ended run that is reset, and repeats its step with the same key', async () => {
    const runId = await engine.startRun('call');
    await engine.finished(runId);
    await eventually(async () => expect(await engine.statusInTemporal(runId)).toBe('COMPLETED'));
    await reset(runId, 'first');
    await eventually(async () => {
      const run = await findRun(engine.db.owner, runId);
      expect([run.epoch, run.state]).toEqual([2, 'completed']);
    }, WITHIN);
    expect(engine.target.effects.get(`${runId}/main/0`)).toBeLessThanOrEqual(2);
    expect([...engine.target.effects.keys()].filter((key) => key.startsWith(runId))).toEqual([`${runId}/main/0`]);
    expect((await engine.events(runId)).map(({ seq }) => seq)).toEqual((await engine.events(runId)).map((_, index) => index + 1));
  });

  it('notes a signal sent by hand, which changes nothing', async () => {
    const runId = await startNap();
    await handleOf(runId).signal('approve', { yes: true });
    await handleOf(runId).signal('admitted');
    await eventually(
      async () => expect((await engine.audit(runId)).filter((line) => line === 'run.signalled by operator')).toHaveLength(2),
      WITHIN,
    );
    expect(await stateOf(runId)).toBe('waiting');
    await handleOf(runId).terminate();
  });

  it('lets a termination win over the terminal write that came just before it', async () => {
    const runId = await startNap();
    const { temporal_run_id: temporalRunId } = await findRun(engine.db.owner, runId);
    // The workflow's last word is written, and it is terminated before it can close.
    await engine.db.engine.query('select durabase_private.finish_runs($1)', [
      JSON.stringify([{ runId, temporalRunId, firstRunId: temporalRunId, state: 'completed', output: 1 }]),
    ]);
    await handleOf(runId).terminate('in between');
    await eventually(async () => expect(await stateOf(runId)).toBe('cancelled'), WITHIN);
    expect((await findRun(engine.db.owner, runId)).authority).toBe(1);
    expect((await engine.audit(runId)).at(-1)).toBe('run.terminated by operator');
  });

  it('agrees with Temporal on 20 runs that were terminated, cancelled and reset at once', async () => {
    const runIds = await Promise.all(Array.from({ length: 20 }, startNap));
    const began = performance.now();
    await Promise.all(
      runIds.map((runId, index) =>
        index % 3 === 0 ? handleOf(runId).terminate() : index % 3 === 1 ? handleOf(runId).cancel() : reset(runId, 'first'),
      ),
    );
    await eventually(async () => {
      const runs = await Promise.all(runIds.map((runId) => findRun(engine.db.owner, runId)));
      runs.forEach((run, index) =>
        expect(index % 3 === 2 ? [run.epoch, run.state] : run.state).toEqual(index % 3 === 2 ? [2, 'waiting'] : 'cancelled'),
      );
    }, WITHIN);
    expect(performance.now() - began).toBeLessThan(10_000);
    for (const runId of runIds) expect((await engine.audit(runId)).filter((line) => line.endsWith('operator'))).toHaveLength(1);
    await Promise.all(runIds.filter((_, index) => index % 3 === 2).map((runId) => handleOf(runId).terminate()));
  }, 60_000);

  it('ends a run as lost when Temporal has forgotten it', async () => {
    const runId = await startNap();
    await engine.temporal.workflowService.deleteWorkflowExecution({
      namespace: engine.temporal.options.namespace,
      workflowExecution: { workflowId: `run-${runId}` },
    });
    await eventually(async () => expect((await findRun(engine.db.owner, runId)).error?.code).toMatch(/RUN_LOST|RUN_TERMINATED/), {
      timeoutMs: 25_000,
    });
  }, 60_000);
});

describe('executions that Temporal was given by hand', () => {
  it('adopts a task started with workspace, task and input', async () => {
    engine.target.on('/adopted', (_, response) => respondJson(response, {}));
    const workflowId = `by-hand-${Date.now()}`;
    const handle = await engine.temporal.workflow.start('runTask', {
      workflowId,
      taskQueue: engine.taskQueue,
      args: [{ workspace: engine.workspaceId, task: 'call', input: { by: 'hand' } }],
    });
    expect(await handle.result()).toMatchObject({ state: 'completed' });
    const { rows } = await engine.db.owner.query(
      'select state, source, actor_kind, input from durabase.task_runs where workflow_id = $1',
      [workflowId],
    );
    expect(rows).toEqual([{ state: 'completed', source: 'temporal', actor_kind: 'operator', input: { by: 'hand' } }]);
  });

  it('refuses an unknown task with the sentence that start_run would say', async () => {
    const handle = await engine.temporal.workflow.start('runTask', {
      workflowId: `nonsense-${Date.now()}`,
      taskQueue: engine.taskQueue,
      args: [{ workspace: engine.workspaceId, task: 'nonsense' }],
    });
    await expect(handle.result()).rejects.toMatchObject({ cause: expect.objectContaining({ message: expect.any(String) }) });
  });

  it('refuses a second execution of a run under another name', async () => {
    const runId = await engine.startRun('call');
    await engine.finished(runId);
    const before = engine.target.requests.length;
    const handle = await engine.temporal.workflow.start('runTask', {
      workflowId: `copy-${runId}`,
      taskQueue: engine.taskQueue,
      args: [{ runId }],
    });
    expect(await handle.result()).toMatchObject({ verdict: 'refused' });
    expect(engine.target.requests).toHaveLength(before);
  });

  it('refuses a second execution of a run under its own name, as after retention', async () => {
    const runId = await engine.startRun('call');
    await engine.finished(runId);
    const before = engine.target.requests.length;
    await eventually(async () => expect(await engine.statusInTemporal(runId)).toBe('COMPLETED'));
    const handle = await engine.temporal.workflow.start('runTask', {
      workflowId: `run-${runId}`,
      taskQueue: engine.taskQueue,
      args: [{ runId }],
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    });
    expect(await handle.result()).toMatchObject({ verdict: 'refused' });
    expect(engine.target.requests).toHaveLength(before);
  });

  it('rebuilds the row of an execution that the database has forgotten', async () => {
    const runId = await startNap();
    await eventually(async () =>
      expect(JSON.stringify(await engine.temporal.workflow.getHandle(`run-${runId}`).fetchHistory())).toContain('timerStarted'),
    );
    await engine.db.owner.query('delete from durabase.task_runs where id = $1', [runId]);
    await handleOf(runId).terminate('so that it closes after the restore');
    await eventually(
      async () => expect(await findRun(engine.db.owner, runId)).toMatchObject({ source: 'adopted', state: 'cancelled' }),
      WITHIN,
    );
    expect(await driftOf(runId)).toContain('adopted');
  });
});
