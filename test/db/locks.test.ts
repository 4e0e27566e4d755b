import { beforeAll, describe, expect, it } from '@jest/globals';
import type pg from 'pg';
import {
  createReadyTask,
  createWorkspace,
  executionOf,
  findRun,
  startRun,
  type ReadyTask,
  type Workspace,
} from '../support/build-rows.ts';
import { callRow, callValue, readValue } from '../support/call.ts';
import { eventually } from '../support/eventually.ts';
import { useDatabase } from '../support/use-database.ts';
import { CHILD, startFamily } from './support/start-waiting.ts';
import { tellStory } from './support/tell-story.ts';

/** What Postgres says to the one of two transactions that wait for each other. */
const DEADLOCK = '40P01';

describe('locks', () => {
  const db = useDatabase();
  const story = tellStory(db);
  let acme: Workspace;
  let task: ReadyTask;

  beforeAll(async () => {
    acme = await createWorkspace(db.owner);
    task = await createReadyTask(db.owner, acme.id);
    await createReadyTask(db.owner, acme.id, { slug: 'child' });
  });

  /** A transaction that stays open until its work is done. */
  const inTransaction = async <Result>(work: (client: pg.ClientBase) => Promise<Result>): Promise<Result> => {
    const client = await db.owner.connect();
    try {
      await client.query("begin; set local lock_timeout = '5s'");
      const result = await work(client);
      await client.query('commit');
      return result;
    } catch (error) {
      await client.query('rollback');
      throw error;
    } finally {
      client.release();
    }
  };
  const finish = (client: pg.ClientBase, runId: string) =>
    callValue(client, 'durabase_private.finish_runs', { p_items: [{ ...executionOf(runId), state: 'completed', output: 1 }] });
  const holdRun = (client: pg.ClientBase, runId: string) =>
    client.query('select from durabase.task_runs where id = $1 for update', [runId]);
  const waitingFor = (sql: string) =>
    eventually(async () =>
      expect(
        await readValue<number>(
          db.owner,
          "select count(*)::int from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query ilike $1",
          [`%${sql}%`],
        ),
      ).toBeGreaterThan(0),
    );

  it('of parent and child are never held together: each can end while the other ends', async () => {
    const { parent, children } = await startFamily(db, story, task, 2);
    await inTransaction(async (client) => {
      await finish(client, parent); // not committed yet
      for (const id of children) await inTransaction((other) => finish(other, id));
    });
    const next = await startFamily(db, story, task);
    await inTransaction(async (client) => {
      await finish(client, next.children[0] ?? '');
      await inTransaction((other) => finish(other, next.parent));
    });
    await story.doDeeds();
    for (const id of [parent, next.parent, ...children, ...next.children])
      expect((await findRun(db.owner, id)).state).toBe('completed');
  });

  it('of a child are not held while its end waits for its parent', async () => {
    const { parent, children } = await startFamily(db, story, task);
    const [born = ''] = children;
    await story.finish(born);
    await inTransaction(async (client) => {
      await holdRun(client, parent);
      const telling = story.doDeeds();
      await waitingFor('do_deed');
      await inTransaction((other) => holdRun(other, born));
      await client.query('commit');
      await telling;
    });
    expect((await story.stepOf(parent, 'run-0'))?.state).toBe('completed');
  });

  it('of a parent are not held while its end waits for its child', async () => {
    const { parent, children } = await startFamily(db, story, task);
    await story.finish(parent);
    await inTransaction(async (client) => {
      await holdRun(client, children[0] ?? '');
      const cancelling = story.doDeeds();
      await waitingFor('do_deed');
      await inTransaction((other) => holdRun(other, parent));
      await client.query('commit');
      await cancelling;
    });
    expect((await findRun(db.owner, children[0] ?? '')).cancel_requested_at).not.toBeNull();
  });

  it('of the queue come before those of any run, also in bulk', async () => {
    const open = await story.startOpen(task);
    const { id: queued } = await startRun(db.owner, task);
    await inTransaction(async (client) => {
      await callValue(client, 'durabase_private.lock_queue', { p_runs: [open, queued] }); // as a batch of openings begins
      const bulk = callValue(db.owner, 'durabase.for_runs', { operation: 'pause', filter: { runIds: [open, queued] } });
      await waitingFor('for_runs');
      await holdRun(client, open); // and goes on
      await client.query('commit');
      expect(await bulk).toMatchObject({ done: [{ runId: open }, { runId: queued }], refused: [] });
    });
  });

  it('of wakes that are forgotten are taken in the order in which an event wakes runs', async () => {
    const runs = [await story.startOpen(task), await story.startOpen(task)].toSorted();
    for (const id of runs) await story.wait(id, 'paid', { kind: 'event', name: 'order.paid' });
    for (const id of runs)
      await db.owner.query('select durabase_private.wish_wake(r) from durabase.task_runs r where id = $1', [id]);
    const { rows } = await db.owner.query<{ run_id: string; requested_at: string }>(
      'select run_id, requested_at::text from durabase_private.wishes where run_id = any ($1) order by run_id desc',
      [runs],
    );
    // the later one of them stands first in the table as well
    await db.owner.query('update durabase_private.wishes set epoch = epoch where run_id = $1', [runs[0]]);
    await inTransaction(async (client) => {
      await client.query('select durabase_private.wish_wake(r) from durabase.task_runs r where id = $1', [runs[0]]);
      const forgetting = db.engine.query('select durabase_private.forget_wakes($1, $2)', [
        rows.map((row) => row.run_id),
        rows.map((row) => row.requested_at),
      ]);
      await waitingFor('forget_wakes');
      await client.query('select durabase_private.wish_wake(r) from durabase.task_runs r where id = $1', [runs[1]]);
      await client.query('commit');
      await forgetting;
    });
    for (const id of runs) expect(await story.wishesOf(id)).toEqual(['wake']); // wished for again meanwhile
  });

  it('let whatever happens to families at once happen, without a deadlock', async () => {
    const families = await Promise.all(Array.from({ length: 12 }, () => startFamily(db, story, task, 3)));
    const runs = families.flatMap(({ parent, children }) => [parent, ...children]);
    for (const id of runs) await story.wait(id, 'paid', { kind: 'event', name: 'storm' });
    const shuffled = <Item>(items: readonly Item[]): Item[] => items.toSorted(() => Math.random() - 0.5);
    const finishAll = (ids: readonly string[]) =>
      callValue(db.engine, 'durabase_private.finish_runs', {
        p_items: ids.map((id) => ({ ...executionOf(id), state: 'failed', error: { code: 'STEP_FAILED', message: 'no' } })),
      });
    const beginAll = (ids: readonly string[], stepId: string) =>
      callValue(db.engine, 'durabase_private.write_steps', {
        p_items: ids.map((id) => ({
          ...executionOf(id),
          op: 'begin',
          stepId,
          name: stepId,
          action: 'run-task',
          attempt: 1,
          state: 'waiting',
          wait: CHILD,
        })),
      });
    const bulk = (operation: string) => callValue(db.owner, 'durabase.for_runs', { operation, filter: { runIds: runs } });
    const carry = async () => {
      const { rows } = await db.engine.query<{ run_id: string; at: string }>(
        'select run_id, requested_at::text as at from durabase_private.claim_wishes(100)',
      );
      await db.engine.query('select durabase_private.forget_wakes($1, $2)', [
        rows.map((row) => row.run_id),
        rows.map(({ at }) => at),
      ]);
    };
    const works: readonly (() => Promise<unknown>)[] = [
      ...Array.from({ length: 6 }, (_, n) => () => beginAll(shuffled(runs), `late-${n}`)),
      ...Array.from({ length: 6 }, () => () => story.doDeeds()),
      ...Array.from({ length: 4 }, () => () => callRow(db.owner, 'durabase.emit_event', { name: 'storm', workspace: acme.id })),
      ...Array.from({ length: 4 }, () => carry),
      () => bulk('pause'),
      () => bulk('resume'),
      () => bulk('pause'),
      () => readValue(db.engine, 'select durabase_private.admit(1000, 1000)'),
      () => finishAll(shuffled(runs).slice(0, 30)),
      () => bulk('cancel'),
      () => finishAll(shuffled(runs)),
      ...Array.from({ length: 6 }, () => () => story.doDeeds()),
    ];
    const outcomes = await Promise.allSettled(works.map((work) => work()));
    const failed = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason as { code?: string; message: string }] : [],
    );
    expect(failed.map(({ code, message }) => `${code} ${message}`)).toEqual([]);
    await finishAll(runs);
    await story.doDeeds();
    expect(await readValue(db.owner, 'select deadlocks::int from pg_stat_database where datname = current_database()')).toBe(0);
    expect(
      await readValue(db.owner, 'select count(*)::int from durabase.task_runs where id = any ($1) and finished_at is null', [
        runs,
      ]),
    ).toBe(0);
    // what was born in the storm has been ended with its parents
    const { rows: left } = await db.owner.query(
      `select r.id, r.state from durabase.run_links l join durabase.task_runs r on r.id = l.run_id
       where l.parent_run_id = any ($1) and r.finished_at is null and r.cancel_requested_at is null`,
      [runs],
    );
    expect(left).toEqual([]);
    expect(await readValue(db.owner, 'select count(*)::int from durabase_private.deeds')).toBe(0);
  });

  it('would be seen by this test if they went in a circle', async () => {
    const [one, other] = [await story.startOpen(task), await story.startOpen(task)];
    const circle = inTransaction(async (client) => {
      await holdRun(client, one);
      const second = inTransaction(async (rival) => {
        await holdRun(rival, other);
        await holdRun(rival, one);
      });
      await waitingFor('for update');
      const outcomes = await Promise.allSettled([holdRun(client, other), second]);
      throw outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []))[0];
    });
    await expect(circle).rejects.toMatchObject({ code: DEADLOCK });
  });
});
