import { beforeAll, describe, expect, it } from '@jest/globals';
import { createReadyTask, createRunIn, createWorkspace, findRun, type ReadyTask } from '../../support/build-rows.ts';
import { callValue } from '../../support/call.ts';
import { useDatabase } from '../../support/use-database.ts';

describe('flag_run', () => {
  const db = useDatabase();
  let task: ReadyTask;

  beforeAll(async () => {
    task = await createReadyTask(db.owner, (await createWorkspace(db.owner)).id);
  });

  const flag = (runId: string, reason: string | null) =>
    callValue(db.engine, 'durabase_private.flag_run', { p_run: runId, p_reason: reason });
  const kinds = async (runId: string) =>
    (
      await db.owner.query<{ kind: string }>(
        "select kind from durabase.run_events where run_id = $1 and kind in ('run.stalled', 'run.going-on') order by seq",
        [runId],
      )
    ).rows.map((row) => row.kind);

  it('flags a run as stalled with its reason, once', async () => {
    const { id } = await createRunIn(db.owner, task, 'running');
    await flag(id, 'no worker polls');
    const before = await findRun(db.owner, id);
    expect(before).toMatchObject({ state: 'running', stalled_reason: 'no worker polls' });
    await flag(id, 'no worker polls');
    expect(await findRun(db.owner, id)).toEqual(before);
    expect(await kinds(id)).toEqual(['run.stalled']);
  });

  it('keeps since when it stalls while the reason changes', async () => {
    const { id } = await createRunIn(db.owner, task, 'running');
    const since = async () => (await db.owner.query('select stalled_at from durabase.task_runs where id = $1', [id])).rows;
    await flag(id, 'no worker polls');
    const before = await since();
    await flag(id, 'a workflow task fails');
    expect(await since()).toEqual(before);
    expect(await kinds(id)).toEqual(['run.stalled', 'run.stalled']);
  });

  it('clears the flag, once', async () => {
    const { id } = await createRunIn(db.owner, task, 'running');
    await flag(id, 'no worker polls');
    await flag(id, null);
    await flag(id, null);
    expect((await findRun(db.owner, id)).stalled_reason).toBeNull();
    expect(await kinds(id)).toEqual(['run.stalled', 'run.going-on']);
  });

  it('leaves ended runs alone', async () => {
    const { id } = await createRunIn(db.owner, task, 'completed');
    await flag(id, 'no worker polls');
    expect((await findRun(db.owner, id)).stalled_reason).toBeNull();
  });
});
