import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  createReadyTask,
  createRunIn,
  createWorkspace,
  executionOf,
  findRun,
  openRun,
  startRun,
  type ReadyTask,
} from '../../support/build-rows.ts';
import type { RunState } from '@durabase/contracts';
import { callRow, callRows, callValue, readValue } from '../../support/call.ts';
import { useDatabase } from '../../support/use-database.ts';

const OPEN = ['running', 'waiting', 'awaiting_input', 'retrying', 'paused'] as const;
const ENDED = ['completed', 'failed', 'timed_out', 'cancelled'] as const;

/** What the mirror shows after Temporal closed the execution with a status; nothing: it fits already. */
const MENDED_TO: Readonly<
  Record<string, { readonly state: string; readonly code: string | undefined; readonly fits: readonly string[] }>
> = {
  COMPLETED: { state: 'completed', code: undefined, fits: ['completed'] },
  FAILED: { state: 'failed', code: 'WORKFLOW_FAILED', fits: ['failed', 'timed_out', 'cancelled'] },
  CANCELED: { state: 'cancelled', code: 'RUN_CANCELLED', fits: ['cancelled'] },
  TERMINATED: { state: 'cancelled', code: 'RUN_TERMINATED', fits: ['cancelled', 'failed'] },
  TIMED_OUT: { state: 'timed_out', code: 'DEADLINE_EXCEEDED', fits: ['timed_out'] },
};

describe('reconcile', () => {
  const db = useDatabase();
  let task: ReadyTask;
  let sync: ReadyTask;

  beforeAll(async () => {
    const { id } = await createWorkspace(db.owner);
    task = await createReadyTask(db.owner, id);
    sync = await createReadyTask(db.owner, id, { slug: 'sync', plan: { mode: 'sync' } });
  });

  const reconcile = async (runId: string, status: string, more: object = {}) =>
    (
      await callValue<string[]>(db.engine, 'durabase_private.reconcile', {
        p_items: [{ ...executionOf(runId), status, ...more }],
      })
    )[0];
  const driftOf = (runId: string) =>
    readValue<number>(db.owner, 'select count(*)::int from durabase_private.drift where run_id = $1', [runId]);
  const auditOf = (runId: string, action: string) =>
    readValue<number>(db.owner, 'select count(*)::int from durabase.audit_log where entity_id = $1 and action = $2', [
      runId,
      action,
    ]);

  const pairs = Object.keys(MENDED_TO).flatMap((status) =>
    [...OPEN, ...ENDED].map((state): [string, RunState] => [status, state]),
  );
  it.each(pairs)('after %s brings a run that is %s to what Temporal says', async (status, state) => {
    const expected = MENDED_TO[status];
    if (expected === undefined) throw new Error(status);
    const { id } = await createRunIn(db.owner, task, state);
    const before = await findRun(db.owner, id);
    const auditBefore = await auditOf(id, `run.${status.toLowerCase()}`);
    const answer = await reconcile(id, status, { reason: 'by hand' });
    const run = await findRun(db.owner, id);
    if (expected.fits.includes(state)) {
      expect(answer).toBe('same');
      expect(run).toEqual(before);
      return;
    }
    expect(answer).toBe('mended');
    expect(run).toMatchObject({ state: expected.state, authority: 1 });
    expect(run.error?.code).toBe(expected.code);
    expect(run.finished_at).not.toBeNull();
    expect(await driftOf(id)).toBe(1);
    expect(await auditOf(id, `run.${status.toLowerCase()}`)).toBe(auditBefore + 1);
    expect(await reconcile(id, status, { reason: 'by hand' })).toBe('same');
    expect(await driftOf(id)).toBe(1);
  });

  it.each([...OPEN, ...ENDED])(
    'changes nothing of a run that is %s while its execution runs or was continued as new',
    async (state) => {
      const { id } = await createRunIn(db.owner, task, state);
      const before = await findRun(db.owner, id);
      expect(await reconcile(id, 'RUNNING')).toBe('same');
      expect(await reconcile(id, 'CONTINUED_AS_NEW')).toBe('same');
      expect(await findRun(db.owner, id)).toEqual(before);
    },
  );

  it('lets a termination win over what the workflow had written before', async () => {
    const { id } = await createRunIn(db.owner, task, 'completed');
    expect(await reconcile(id, 'TERMINATED', { reason: 'runaway' })).toBe('mended');
    expect(await findRun(db.owner, id)).toMatchObject({
      state: 'cancelled',
      authority: 1,
      error: { code: 'RUN_TERMINATED', message: 'terminated in Temporal: runaway' },
    });
  });

  it('is not overruled by the workflow afterwards', async () => {
    const { id } = await createRunIn(db.owner, task, 'running');
    await reconcile(id, 'TERMINATED');
    const [outcome] = await callValue<{ state: string }[]>(db.engine, 'durabase_private.finish_runs', {
      p_items: [{ ...executionOf(id), state: 'completed', output: 1 }],
    });
    expect(outcome?.state).toBe('cancelled');
    expect((await findRun(db.owner, id)).state).toBe('cancelled');
  });

  it('keeps the output of a run that completed', async () => {
    const { id } = await createRunIn(db.owner, task, 'completed');
    expect(await reconcile(id, 'COMPLETED')).toBe('same');
    expect((await findRun(db.owner, id)).output).toEqual({ ok: true });
  });

  it('ignores an older epoch', async () => {
    const { id } = await createRunIn(db.owner, task, 'running');
    await reconcile(id, 'RUNNING', { temporalRunId: `exec-2-${id}` });
    const before = await findRun(db.owner, id);
    expect(before.epoch).toBe(2);
    expect(await reconcile(id, 'TERMINATED')).toBe('same');
    expect(await findRun(db.owner, id)).toEqual(before);
  });

  it.each(['running', 'failed'] as const)('notices a reset of a run that is %s', async (state) => {
    const { id } = await createRunIn(db.owner, task, state);
    expect(await reconcile(id, 'RUNNING', { temporalRunId: `exec-2-${id}` })).toBe('mended');
    expect(await findRun(db.owner, id)).toMatchObject({ state: 'running', epoch: 2, temporal_run_id: `exec-2-${id}` });
    expect(await auditOf(id, 'run.reset')).toBe(1);
    const { rows } = await db.owner.query('select kind, is_mended from durabase_private.drift where run_id = $1', [id]);
    expect(rows).toEqual([{ kind: 'reset', is_mended: true }]);
    expect(await reconcile(id, 'RUNNING', { temporalRunId: `exec-2-${id}` })).toBe('same');
  });

  it('ignores an execution that closed unseen before the one that speaks now took over', async () => {
    const { id } = await createRunIn(db.owner, task, 'running');
    const startedAt = new Date(Date.now() - 60_000).toISOString();
    expect(await reconcile(id, 'TERMINATED', { temporalRunId: `unseen-${id}`, startedAt })).toBe('same');
    expect(await findRun(db.owner, id)).toMatchObject({ epoch: 1, state: 'running' });
  });

  it('follows a reset that has closed already', async () => {
    const { id } = await createRunIn(db.owner, task, 'failed');
    expect(await reconcile(id, 'TERMINATED', { temporalRunId: `exec-2-${id}` })).toBe('mended');
    expect(await findRun(db.owner, id)).toMatchObject({ state: 'cancelled', epoch: 2 });
  });

  it.each([{ firstRunId: 'foreign' }, { firstRunId: null }])('ignores an execution of another chain: %j', async (chain) => {
    const { id } = await createRunIn(db.owner, task, 'running');
    const before = await findRun(db.owner, id);
    expect(await reconcile(id, 'TERMINATED', { temporalRunId: `foreign-${id}`, ...chain })).toBe('same');
    expect(await findRun(db.owner, id)).toEqual(before);
  });

  it('leaves an execution alone that is about to open', async () => {
    const { id } = await startRun(db.owner, task);
    expect(await reconcile(id, 'RUNNING')).toBe('same');
    expect(await findRun(db.owner, id)).toMatchObject({ state: 'queued', epoch: 0 });
  });

  it('ends a run whose execution was terminated before it opened', async () => {
    const { id } = await startRun(db.owner, task);
    expect(await reconcile(id, 'TERMINATED')).toBe('mended');
    expect(await findRun(db.owner, id)).toMatchObject({ state: 'cancelled' });
    expect(await readValue(db.owner, 'select count(*)::int from durabase_private.run_queue where run_id = $1', [id])).toBe(0);
  });

  it('frees permits and forgets wishes', async () => {
    const { id } = await startRun(db.owner, sync);
    await openRun(db.owner, id);
    await callRow(db.owner, 'durabase.cancel_run', { run: id });
    await reconcile(id, 'TERMINATED');
    expect(await readValue(db.owner, 'select count(*)::int from durabase_private.permits where run_id = $1', [id])).toBe(0);
    expect(await readValue(db.owner, 'select count(*)::int from durabase_private.wishes where run_id = $1', [id])).toBe(0);
  });

  it('does not know executions without a row', async () => {
    expect(await reconcile('01890000-0000-7000-8000-000000000000', 'COMPLETED')).toBe('unknown');
  });

  it('answers in the order of the items', async () => {
    const { id } = await createRunIn(db.owner, task, 'running');
    const answers = await callValue(db.engine, 'durabase_private.reconcile', {
      p_items: [
        { ...executionOf('ffffffff-0000-7000-8000-000000000000'), status: 'FAILED' },
        { ...executionOf(id), status: 'FAILED' },
        { ...executionOf(id), status: 'RUNNING' },
      ],
    });
    expect(answers).toEqual(['unknown', 'mended', 'same']);
  });

  it('lists open runs that were quiet for a while, in pages', async () => {
    const runs = [await createRunIn(db.owner, task, 'running'), await createRunIn(db.owner, task, 'waiting')];
    const list = (after: string, limit: number, quietMs = 0) =>
      callRows<{ run_id: string }>(db.engine, 'durabase_private.list_open_runs', {
        p_after: after,
        p_quiet_ms: quietMs,
        p_limit: limit,
      });
    const seen: string[] = [];
    let after = '00000000-0000-0000-0000-000000000000';
    for (let page = await list(after, 3); page.length > 0; page = await list(after, 3)) {
      seen.push(...page.map((row) => row.run_id));
      after = seen.at(-1) ?? after;
    }
    expect(seen).toEqual(expect.arrayContaining(runs.map((run) => run.id)));
    expect(new Set(seen).size).toBe(seen.length);
    expect(await list('00000000-0000-0000-0000-000000000000', 1000, 3_600_000)).toEqual([]);
  });
});
