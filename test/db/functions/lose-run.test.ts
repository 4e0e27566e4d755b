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
import { callValue, readValue } from '../../support/call.ts';
import { useDatabase } from '../../support/use-database.ts';

describe('lose_run', () => {
  const db = useDatabase();
  let task: ReadyTask;
  let sync: ReadyTask;

  beforeAll(async () => {
    const { id } = await createWorkspace(db.owner);
    task = await createReadyTask(db.owner, id);
    sync = await createReadyTask(db.owner, id, { slug: 'sync', plan: { mode: 'sync' } });
  });

  const lose = (runId: string, temporalRunId: string | null = `exec-1-${runId}`) =>
    callValue<boolean>(db.engine, 'durabase_private.lose_run', { p_run: runId, p_temporal_run: temporalRunId });

  it('ends an open run that Temporal has forgotten', async () => {
    const { id } = await createRunIn(db.owner, task, 'waiting');
    expect(await lose(id)).toBe(true);
    expect(await findRun(db.owner, id)).toMatchObject({ state: 'failed', error: { code: 'RUN_LOST' }, authority: 1 });
    expect(await readValue(db.owner, 'select state from durabase.run_steps where run_id = $1', [id])).toBe('cancelled');
    expect(
      await readValue(db.owner, "select count(*)::int from durabase.audit_log where entity_id = $1 and action = 'run.lost'", [
        id,
      ]),
    ).toBe(1);
    expect(await readValue(db.owner, 'select kind from durabase_private.drift where run_id = $1', [id])).toBe('lost');
  });

  it('does so once', async () => {
    const { id } = await createRunIn(db.owner, task, 'running');
    const answers = await Promise.all([lose(id), lose(id), lose(id)]);
    expect(answers.filter(Boolean)).toHaveLength(1);
  });

  it('frees its permits', async () => {
    const { id } = await startRun(db.owner, sync);
    await openRun(db.owner, id);
    await lose(id);
    expect(await readValue(db.owner, 'select count(*)::int from durabase_private.permits where run_id = $1', [id])).toBe(0);
  });

  it('leaves a run alone that another execution has taken over', async () => {
    const { id } = await createRunIn(db.owner, task, 'running');
    await callValue(db.engine, 'durabase_private.open_runs', { p_items: [{ ...executionOf(id, `exec-2-${id}`), steps: [] }] });
    expect(await lose(id)).toBe(false);
    expect((await findRun(db.owner, id)).state).toBe('running');
  });

  it('takes a run out of the queue that was waiting for its permits again', async () => {
    const [first, second] = [await startRun(db.owner, sync), await startRun(db.owner, sync)];
    await openRun(db.owner, first.id);
    await callValue(db.engine, 'durabase_private.finish_runs', {
      p_items: [{ ...executionOf(first.id), state: 'completed', output: 1 }],
    });
    await openRun(db.owner, second.id);
    await callValue(db.engine, 'durabase_private.open_runs', {
      p_items: [{ ...executionOf(first.id, `exec-2-${first.id}`), steps: [] }],
    });
    expect(await lose(first.id, `exec-2-${first.id}`)).toBe(true);
    expect(await readValue(db.owner, 'select count(*)::int from durabase_private.run_queue where run_id = $1', [first.id])).toBe(
      0,
    );
  });

  it('says no for a run that is not there', async () => {
    expect(await lose('01890000-0000-7000-8000-000000000000')).toBe(false);
    expect(await lose('01890000-0000-7000-8000-000000000000', null)).toBe(false);
  });
});
