import { beforeAll, describe, expect, it } from '@jest/globals';
import { createReadyTask, createUser, createWorkspace, findRun, type ReadyTask } from '../../support/build-rows.ts';
import { callValue, readValue } from '../../support/call.ts';
import { useDatabase } from '../../support/use-database.ts';

describe('adopt_execution', () => {
  const db = useDatabase();
  let task: ReadyTask;
  let count = 0;

  beforeAll(async () => {
    task = await createReadyTask(db.owner, (await createWorkspace(db.owner)).id);
  });

  const item = (record: object = {}) => {
    count += 1;
    const runId = `01890000-0000-7000-8000-${String(count).padStart(12, '0')}`;
    return {
      runId,
      workflowId: `run-${runId}`,
      temporalRunId: `exec-1-${runId}`,
      firstRunId: `exec-1-${runId}`,
      status: 'RUNNING',
      record: {
        versionId: task.versionId,
        workspaceId: task.workspaceId,
        input: { a: 1 },
        createdAt: '2026-01-01T00:00:00Z',
        actor: { kind: 'service', userId: null, name: 'nightly' },
        ...record,
      },
    };
  };
  const adopt = (what: object) => callValue<boolean>(db.engine, 'durabase_private.adopt_execution', { p_item: what });

  it('builds the row that was lost from what the history recorded', async () => {
    const lost = item();
    expect(await adopt(lost)).toBe(true);
    expect(await findRun(db.owner, lost.runId)).toMatchObject({
      state: 'running',
      source: 'adopted',
      input: { a: 1 },
      epoch: 1,
      actor_kind: 'service',
      actor_name: 'nightly',
      event_seq: '1',
      temporal_run_id: lost.temporalRunId,
      created_at: new Date('2026-01-01T00:00:00Z'),
    });
    expect(
      await readValue(db.owner, "select count(*)::int from durabase.audit_log where entity_id = $1 and action = 'run.adopted'", [
        lost.runId,
      ]),
    ).toBe(1);
    const { rows } = await db.owner.query('select kind, is_mended from durabase_private.drift where run_id = $1', [lost.runId]);
    expect(rows).toEqual([{ kind: 'adopted', is_mended: true }]);
  });

  it('adopts once', async () => {
    const lost = item();
    expect(await Promise.all([adopt(lost), adopt(lost), adopt(lost)])).toEqual([true, true, true]);
    expect(await readValue(db.owner, 'select count(*)::int from durabase.audit_log where entity_id = $1', [lost.runId])).toBe(1);
  });

  it('lets the adopted execution go on writing', async () => {
    const lost = item();
    await adopt(lost);
    const [outcome] = await callValue<{ verdict: string }[]>(db.engine, 'durabase_private.finish_runs', {
      p_items: [{ ...lost, state: 'completed', output: 1 }],
    });
    expect(outcome?.verdict).toBe('kept');
    expect((await findRun(db.owner, lost.runId)).state).toBe('completed');
  });

  it('keeps the user who is still there and forgets one who is gone', async () => {
    const userId = await createUser(db.owner);
    const [known, gone] = [
      item({ actor: { kind: 'user', userId, name: 'Ada' } }),
      item({ actor: { kind: 'user', userId: '01890000-0000-7000-8000-000000000000', name: 'Bob' } }),
    ];
    await adopt(known);
    await adopt(gone);
    expect((await findRun(db.owner, known.runId)).actor_user_id).toBe(userId);
    expect(await findRun(db.owner, gone.runId)).toMatchObject({ actor_user_id: null, actor_name: 'Bob' });
  });

  it.each([
    ['its version is not here', { versionId: '01890000-0000-7000-8000-000000000000' }, 'of a version that is not here'],
    [
      'the version belongs to another workspace',
      { workspaceId: '01890000-0000-7000-8000-000000000000' },
      'of a version that is not here',
    ],
    ['its input was not recorded', { input: undefined }, 'whose input was too large'],
  ])('reports an execution once when %s', async (_, record, note) => {
    const lost = item(record);
    expect([await adopt(lost), await adopt(lost)]).toEqual([false, false]);
    const { rows } = await db.owner.query('select kind, is_mended, note from durabase_private.drift where workflow_id = $1', [
      lost.workflowId,
    ]);
    expect(rows).toEqual([{ kind: 'unknown', is_mended: false, note: expect.stringContaining(note) }]);
    expect(await readValue(db.owner, 'select count(*)::int from durabase.task_runs where id = $1', [lost.runId])).toBe(0);
  });

  it('reports an execution that recorded nothing', async () => {
    expect(await adopt({ ...item(), record: undefined })).toBe(false);
  });
});
