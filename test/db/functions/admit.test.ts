import { beforeEach, describe, expect, it } from '@jest/globals';
import {
  createReadyTask,
  createWorkspace,
  executionOf,
  findRun,
  startRun,
  type ReadyTask,
  type Workspace,
} from '../../support/build-rows.ts';
import { callRows, callValue, readValue } from '../../support/call.ts';
import { eventually } from '../../support/eventually.ts';
import { useDatabase } from '../../support/use-database.ts';

interface Admitted {
  readonly runs: readonly {
    readonly runId: string;
    readonly workflowId: string;
    readonly taskSlug: string;
    readonly signal: boolean;
  }[];
  readonly unchecked: boolean;
}

describe('admit', () => {
  const db = useDatabase();
  let acme: Workspace;
  let task: ReadyTask;
  let sync: ReadyTask;
  let checked: ReadyTask;

  beforeEach(async () => {
    await db.owner.query('delete from durabase.workspaces');
    acme = await createWorkspace(db.owner);
    task = await createReadyTask(db.owner, acme.id);
    sync = await createReadyTask(db.owner, acme.id, { slug: 'one-at-a-time', plan: { mode: 'sync' } });
    checked = await createReadyTask(db.owner, acme.id, { slug: 'checked', plan: { concurrency: { key: '"k"', limit: 3 } } });
  });

  const admit = (limit = 1000, claimMs = 60_000) =>
    callValue<Admitted>(db.engine, 'durabase_private.admit', { p_limit: limit, p_claim_ms: claimMs });
  const admitIds = async (limit?: number, claimMs?: number) => (await admit(limit, claimMs)).runs.map(({ runId }) => runId);
  const markChecked = (items: readonly object[]) => callValue(db.engine, 'durabase_private.mark_checked', { p_items: items });
  const limitOf = (size: number, key = 'shared') => [{ key, limit: size, label: `at most ${size} for ${key}` }];
  const startLimited = async (size: number, key?: string, args = {}) => {
    const run = await startRun(db.owner, checked, args);
    await markChecked([{ runId: run.id, limits: limitOf(size, key) }]);
    return run;
  };
  const open = (runId: string) =>
    callValue<{ verdict: string; epoch?: number }[]>(db.engine, 'durabase_private.open_runs', {
      p_items: [{ ...executionOf(runId), steps: [] }],
    });
  const finish = (runId: string) =>
    callValue(db.engine, 'durabase_private.finish_runs', {
      p_items: [{ ...executionOf(runId), state: 'completed', output: null }],
    });
  const permits = () => readValue<number>(db.owner, 'select count(*)::int from durabase_private.permits');

  it('hands out a due run with what is needed to start it', async () => {
    const run = await startRun(db.owner, task);
    expect((await admit()).runs).toEqual([
      { runId: run.id, workflowId: `run-${run.id}`, workspaceId: acme.id, taskSlug: 'greet', taskName: 'greet', signal: false },
    ]);
  });

  it('does not hand it out again while its claim lasts, but afterwards', async () => {
    const run = await startRun(db.owner, task);
    expect(await admitIds()).toEqual([run.id]);
    expect(await admitIds()).toEqual([]);
    await db.owner.query("update durabase_private.run_queue set claimed_until = now() - interval '1 second'");
    expect(await admitIds()).toEqual([run.id]);
  });

  it('hands out a run soon after its start failed', async () => {
    const run = await startRun(db.owner, task);
    await admit();
    await callValue(db.engine, 'durabase_private.unclaim', { p_runs: [run.id] });
    await eventually(async () => expect(await admitIds()).toEqual([run.id]));
  });

  it('gives each run to one of two concurrent dispatchers', async () => {
    const runs = await Promise.all(Array.from({ length: 60 }, () => startRun(db.owner, task)));
    const answers = await Promise.all(Array.from({ length: 6 }, () => admitIds()));
    expect(answers.flat().toSorted()).toEqual(runs.map(({ id }) => id).toSorted());
  });

  it('goes by priority, then by arrival', async () => {
    const started: string[] = [];
    for (const priority of [3, 1, 5, 3, 1]) started.push((await startRun(db.owner, task, { priority })).id);
    expect(await admitIds()).toEqual([1, 4, 0, 3, 2].map((index) => started[index]));
  });

  it('leaves no more runs between admission and opening than were asked for', async () => {
    const runs = await Promise.all(Array.from({ length: 5 }, () => startRun(db.owner, task)));
    const first = await admitIds(2);
    expect(first).toHaveLength(2);
    expect(await admitIds(2)).toEqual([]);
    await open(first[0] ?? '');
    expect(await admitIds(2)).toHaveLength(1);
    expect(runs).toHaveLength(5);
  });

  it('leaves scheduled runs alone until their time', async () => {
    const { id } = await startRun(db.owner, task, { run_at: new Date(Date.now() + 3_600_000) });
    expect(await admitIds()).toEqual([]);
    await db.owner.query("update durabase_private.run_queue set ready_at = now() - interval '1 second' where run_id = $1", [id]);
    expect(await admitIds()).toEqual([id]);
  });

  describe('time-to-live', () => {
    const expire = (runId: string) =>
      db.owner.query("update durabase_private.run_queue set expires_at = now() - interval '1 second' where run_id = $1", [runId]);

    it('ends a run that was not started in time, with the reason', async () => {
      const { id } = await startRun(db.owner, task);
      await expire(id);
      expect(await admitIds()).toEqual([]);
      expect(await findRun(db.owner, id)).toMatchObject({ state: 'expired', error: { code: 'RUN_EXPIRED' } });
      expect(await readValue(db.owner, 'select count(*)::int from durabase_private.run_queue where run_id = $1', [id])).toBe(0);
    });

    it('does not end a run that is being started', async () => {
      const { id } = await startRun(db.owner, task);
      await admit(1000, 0);
      await expire(id);
      expect(await admitIds()).toEqual([id]);
      expect((await findRun(db.owner, id)).state).toBe('queued');
    });

    it('ends a run that waits for a permit', async () => {
      const [holder, blocked] = [await startLimited(1), await startLimited(1)];
      expect(await admitIds()).toEqual([holder.id]);
      await expire(blocked.id);
      await callValue(db.engine, 'durabase_private.unblock_stale');
      await admit();
      expect((await findRun(db.owner, blocked.id)).state).toBe('expired');
    });

    it('tells a workflow that waits already, which then ends', async () => {
      const { id } = await startRun(db.owner, task);
      expect(await open(id)).toMatchObject([{ verdict: 'wait' }]);
      await expire(id);
      expect((await admit()).runs).toMatchObject([{ runId: id, signal: true }]);
      expect(await open(id)).toMatchObject([{ verdict: 'ended' }]);
      expect((await findRun(db.owner, id)).state).toBe('expired');
      expect(await admitIds(1000, 0)).toEqual([]);
    });
  });

  describe('permits', () => {
    it('never gives out more than there are, with two dispatchers and 200 runs', async () => {
      const size = 7;
      const runs = await Promise.all(Array.from({ length: 200 }, () => startRun(db.owner, checked)));
      await markChecked(runs.map(({ id }) => ({ runId: id, limits: limitOf(size) })));
      let most = 0;
      let hasEnded = false;
      const dispatch = async () => {
        while (!hasEnded) {
          const ids = await admitIds(50);
          for (const id of ids) {
            await open(id);
            // counted where nobody can be between two statements
            most = Math.max(most, await permits());
            await finish(id);
          }
          hasEnded = (await readValue<number>(db.owner, 'select count(*)::int from durabase_private.run_queue')) === 0;
        }
      };
      await Promise.all([dispatch(), dispatch()]);
      expect(most).toBeLessThanOrEqual(size);
      expect(most).toBeGreaterThan(1);
      expect(await permits()).toBe(0);
      expect(await readValue(db.owner, "select count(*)::int from durabase.task_runs where state = 'completed'")).toBe(200);
    });

    it('says on a run that waits what it waits for', async () => {
      await startLimited(1);
      const blocked = await startLimited(1);
      await admit();
      expect(await findRun(db.owner, blocked.id)).toMatchObject({
        state: 'queued',
        reason: { code: 'LIMIT_REACHED', message: 'waits for a permit: at most 1 for shared' },
      });
    });

    it('counts permits of a key whatever limit their takers had', async () => {
      const wide = await Promise.all(Array.from({ length: 5 }, () => startLimited(5)));
      const order = await admitIds();
      for (const id of order.slice(0, 3)) {
        await open(id);
        await finish(id);
      }
      const narrow = await startLimited(2);
      expect(await admitIds()).toEqual([]); // two of the five still run
      expect((await findRun(db.owner, narrow.id)).reason?.code).toBe('LIMIT_REACHED');
      expect(wide).toHaveLength(5);
    });

    it('takes all permits of a run or none', async () => {
      await startLimited(1, 'b');
      await admit();
      const both = await startRun(db.owner, checked);
      await markChecked([{ runId: both.id, limits: [...limitOf(1, 'a'), ...limitOf(1, 'b')] }]);
      expect(await admitIds()).toEqual([]);
      const { rows } = await db.owner.query("select key from durabase_private.permits where key = 'a'");
      expect(rows).toEqual([]);
    });

    it('lets the next one in when a permit is freed, by priority, then by arrival', async () => {
      const holder = await startLimited(1);
      const later = await startLimited(1);
      const last = await startLimited(1);
      const urgent = await startLimited(1, 'shared', { priority: 1 });
      // the first pass sees the urgent one first
      expect(await admitIds()).toEqual([urgent.id]);
      for (const [running, next] of [
        [urgent, holder],
        [holder, later],
        [later, last],
      ] as const) {
        await open(running.id);
        await finish(running.id);
        expect(await admitIds()).toEqual([next.id]);
      }
    });

    it('gives permits of an ended run back although nobody freed them, and counts it', async () => {
      const [holder, blocked] = [await startLimited(1), await startLimited(1)];
      await admit();
      await open(holder.id);
      await db.owner.query("update durabase.task_runs set state = 'completed', finished_at = now() where id = $1", [holder.id]);
      expect(await callValue(db.engine, 'durabase_private.unblock_stale')).toBe(1);
      expect(await callValue(db.engine, 'durabase_private.unblock_stale')).toBe(0);
      expect(await admitIds()).toEqual([blocked.id]);
    });

    it('keeps permits by workspace for sync runs and takes those before others', async () => {
      const other = await createWorkspace(db.owner, 'Other');
      const theirs = await createReadyTask(db.owner, other.id, { slug: 'one-at-a-time', plan: { mode: 'sync' } });
      const plain = await startRun(db.owner, task, { priority: 1 });
      const [first, second] = [await startRun(db.owner, sync, { priority: 5 }), await startRun(db.owner, sync, { priority: 5 })];
      const foreign = await startRun(db.owner, theirs, { priority: 5 });
      expect(await admitIds()).toEqual([first.id, foreign.id, plain.id]);
      expect((await findRun(db.owner, second.id)).reason?.message).toContain('one sync run at a time');
      await open(first.id);
      await finish(first.id);
      expect(await admitIds()).toEqual([second.id]);
    });
  });

  describe('checks before admission', () => {
    it('admits nothing that was not checked, and says that there is something to check', async () => {
      const run = await startRun(db.owner, checked, { input: { a: 1 } });
      expect(await admit()).toMatchObject({ runs: [], unchecked: true });
      const claimed = await callRows(db.engine, 'durabase_private.claim_unchecked', { p_limit: 10 });
      expect(claimed).toEqual([
        { run_id: run.id, workspace_id: acme.id, task_id: checked.id, version_id: checked.versionId, input: { a: 1 } },
      ]);
      await markChecked([{ runId: run.id, limits: [] }]);
      expect(await admit()).toMatchObject({ runs: [{ runId: run.id }], unchecked: false });
    });

    it('gives a run to check to one worker at a time', async () => {
      await startRun(db.owner, checked);
      const client = await db.engine.connect();
      try {
        await client.query('begin');
        expect(await callRows(client, 'durabase_private.claim_unchecked', { p_limit: 10 })).toHaveLength(1);
        expect(await callRows(db.engine, 'durabase_private.claim_unchecked', { p_limit: 10 })).toEqual([]);
        await client.query('rollback');
        expect(await callRows(db.engine, 'durabase_private.claim_unchecked', { p_limit: 10 })).toHaveLength(1);
      } finally {
        client.release();
      }
    });

    it('ends a run that did not pass', async () => {
      const { id } = await startRun(db.owner, checked);
      await markChecked([{ runId: id, error: { code: 'INVALID_INPUT', message: 'a is missing' } }]);
      expect(await findRun(db.owner, id)).toMatchObject({ state: 'failed', error: { code: 'INVALID_INPUT' } });
      expect(await admit()).toMatchObject({ runs: [], unchecked: false });
    });

    it('tells a workflow that waits already, and takes no permits for it', async () => {
      const { id } = await startRun(db.owner, checked);
      await open(id);
      await db.owner.query('update durabase_private.run_queue set limits = $2 where run_id = $1', [
        id,
        JSON.stringify(limitOf(1)),
      ]);
      await markChecked([{ runId: id, error: { code: 'INVALID_INPUT', message: 'a is missing' } }]);
      expect((await admit()).runs).toMatchObject([{ runId: id, signal: true }]);
      expect(await permits()).toBe(0);
      expect(await open(id)).toMatchObject([{ verdict: 'ended' }]);
      expect((await findRun(db.owner, id)).state).toBe('failed');
    });

    it('keeps the first limits when marked twice', async () => {
      const { id } = await startRun(db.owner, checked);
      await markChecked([{ runId: id, limits: limitOf(2) }]);
      await markChecked([{ runId: id, limits: limitOf(2) }]);
      expect(await admitIds()).toEqual([id]);
      expect(await permits()).toBe(1);
    });

    it('ends a run whose key fits into no index, and goes on admitting others', async () => {
      const [run, other] = [await startRun(db.owner, checked), await startRun(db.owner, task)];
      await markChecked([
        { runId: run.id, limits: limitOf(1, Array.from({ length: 501 }, (_, n) => String.fromCharCode(0x4e00 + n)).join('')) },
      ]);
      expect(await findRun(db.owner, run.id)).toMatchObject({ state: 'failed', error: { code: 'INVALID_INPUT' } });
      expect(await admitIds()).toEqual([other.id]);
    });

    it('takes one permit when the same key comes twice', async () => {
      const { id } = await startRun(db.owner, checked);
      await markChecked([{ runId: id, limits: [...limitOf(2), ...limitOf(3)] }]);
      expect(await admitIds()).toEqual([id]);
      expect(await permits()).toBe(1);
    });
  });
});
