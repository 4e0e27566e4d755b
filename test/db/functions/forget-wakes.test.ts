import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createReadyTask, createWorkspace, type ReadyTask } from '../../support/build-rows.ts';
import { callRow, readValue } from '../../support/call.ts';
import { eventually } from '../../support/eventually.ts';
import { useDatabase } from '../../support/use-database.ts';
import { tellStory } from '../support/tell-story.ts';

interface Claimed {
  readonly run_id: string;
  readonly kind: string;
  readonly requested_at: string;
}

describe('wakes', () => {
  const db = useDatabase();
  const story = tellStory(db);
  let task: ReadyTask;

  beforeAll(async () => {
    task = await createReadyTask(db.owner, (await createWorkspace(db.owner)).id);
  });

  beforeEach(() => db.owner.query('delete from durabase_private.wishes'));

  const pause = (runId: string) => callRow(db.owner, 'durabase.pause_run', { run: runId });
  const resume = (runId: string) => callRow(db.owner, 'durabase.resume_run', { run: runId });
  const claim = async (): Promise<readonly Claimed[]> =>
    (
      await db.engine.query<Claimed>(
        'select run_id, kind, requested_at::text from durabase_private.claim_wishes(100) order by run_id, kind',
      )
    ).rows;
  const forget = (wishes: readonly Claimed[]) =>
    db.engine.query('select durabase_private.forget_wakes($1, $2)', [
      wishes.map((wish) => wish.run_id),
      wishes.map((wish) => wish.requested_at),
    ]);

  it('are one for a run, however often it is wished for', async () => {
    const id = await story.startOpen(task);
    for (let n = 0; n < 3; n += 1) {
      await pause(id);
      await resume(id);
    }
    expect(await story.wishesOf(id)).toEqual(['wake']);
    const claimed = await claim();
    expect(claimed.map(({ run_id: run, kind }) => [run, kind])).toEqual([[id, 'wake']]);
    expect(await claim()).toEqual([]); // one carrier at a time
    await forget(claimed);
    expect(await story.wishesOf(id)).toEqual([]);
  });

  it('are kept when somebody has wished for one since it was carried', async () => {
    const id = await story.startOpen(task);
    await pause(id);
    const claimed = await claim();
    await resume(id);
    await forget(claimed);
    expect(await story.wishesOf(id)).toEqual(['wake']);
    expect((await claim()).map(({ run_id: run }) => run)).toEqual([id]); // at once, whoever carries the former one still
  });

  it('are kept when somebody wishes for one while they are being forgotten', async () => {
    const id = await story.startOpen(task);
    await pause(id);
    const claimed = await claim();
    const client = await db.owner.connect();
    await client.query('begin');
    await callRow(client, 'durabase.resume_run', { run: id });
    const forgetting = forget(claimed);
    await eventually(async () =>
      expect(
        await readValue(
          db.owner,
          "select count(*)::int from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%forget_wakes%'",
        ),
      ).toBe(1),
    );
    await client.query('commit');
    client.release();
    await forgetting;
    expect(await story.wishesOf(id)).toEqual(['wake']);
  });

  it('are forgotten for several runs at once, each by itself, and wishes to cancel are not', async () => {
    const runs = [await story.startOpen(task), await story.startOpen(task), await story.startOpen(task)];
    for (const id of runs) await pause(id);
    await callRow(db.owner, 'durabase.cancel_run', { run: runs[2] });
    const claimed = await claim();
    expect(claimed.map(({ kind }) => kind).toSorted()).toEqual(['cancel', 'wake', 'wake', 'wake']);
    await resume(runs[1] ?? '');
    await forget(claimed);
    expect(await Promise.all(runs.map((id) => story.wishesOf(id)))).toEqual([[], ['wake'], ['cancel']]);
  });

  it('are carried again when they were not carried within seconds', async () => {
    const id = await story.startOpen(task);
    await pause(id);
    const [claimed] = await claim().then((all) => all.filter((wish) => wish.run_id === id));
    expect(claimed?.kind).toBe('wake');
    await db.owner.query("update durabase_private.wishes set carried_until = now() - interval '1 ms' where run_id = $1", [id]);
    expect((await claim()).map(({ run_id: run }) => run)).toContain(id);
  });

  it('name the execution that speaks now', async () => {
    const id = await story.startOpen(task);
    await pause(id);
    await story.leave(id);
    await story.open(id, { execution: 2 });
    await resume(id);
    expect(await readValue(db.owner, 'select epoch from durabase_private.wishes where run_id = $1', [id])).toBe(2);
  });
});
