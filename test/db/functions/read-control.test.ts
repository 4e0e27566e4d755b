import { beforeAll, describe, expect, it } from '@jest/globals';
import { createReadyTask, createWorkspace, type ReadyTask } from '../../support/build-rows.ts';
import { callRow, callValue } from '../../support/call.ts';
import { useDatabase } from '../../support/use-database.ts';
import { tellStory } from '../support/tell-story.ts';

describe('read_control', () => {
  const db = useDatabase();
  const story = tellStory(db);
  let task: ReadyTask;

  beforeAll(async () => {
    task = await createReadyTask(db.owner, (await createWorkspace(db.owner)).id);
  });

  const read = (runId: string, waits: readonly { readonly stepId: string; readonly iteration: number }[] = []) =>
    callValue<{ isPaused: boolean; ended: readonly Record<string, unknown>[] }>(db.engine, 'durabase_private.read_control', {
      p_run: runId,
      p_waits: waits,
    });

  it('says whether the run shall pause', async () => {
    const id = await story.startOpen(task);
    expect(await read(id)).toEqual({ isPaused: false, ended: [] });
    await callRow(db.owner, 'durabase.pause_run', { run: id });
    expect((await read(id)).isPaused).toBe(true);
    await callRow(db.owner, 'durabase.resume_run', { run: id });
    expect((await read(id)).isPaused).toBe(false);
  });

  it('names the waits among those asked about that are over, and how', async () => {
    const id = await story.startOpen(task);
    for (const iteration of [0, 1, 2]) await story.wait(id, 'make', { kind: 'external' }, { iteration });
    await story.wait(id, 'other', { kind: 'external' });
    await callRow(db.owner, 'durabase.complete_step', { run: id, step: 'make', output: 1 });
    await callRow(db.owner, 'durabase.fail_step', { run: id, step: 'make', iteration: 2, message: 'broke' });
    await callRow(db.owner, 'durabase.complete_step', { run: id, step: 'other' });
    const { ended } = await read(id, [
      { stepId: 'make', iteration: 0 },
      { stepId: 'make', iteration: 1 },
      { stepId: 'make', iteration: 2 },
      { stepId: 'never', iteration: 0 },
    ]);
    expect(ended.toSorted((a, b) => Number(a['iteration']) - Number(b['iteration']))).toEqual([
      { stepId: 'make', iteration: 0, state: 'completed', error: null },
      { stepId: 'make', iteration: 2, state: 'failed', error: { code: 'STEP_FAILED', message: 'broke', stepId: 'make' } },
    ]);
  });

  it('knows nothing of a run that is gone', async () => {
    expect(await read('01890000-0000-7000-8000-000000000000', [{ stepId: 'make', iteration: 0 }])).toEqual({
      isPaused: null,
      ended: [],
    });
  });
});
