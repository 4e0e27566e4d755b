import { describe, expect, it } from '@jest/globals';
import { callValue, readValue } from '../../support/call.ts';
import { eventually } from '../../support/eventually.ts';
import { useDatabase } from '../../support/use-database.ts';

describe('hold_lease', () => {
  const db = useDatabase();

  const hold = (name: string, holder: string, ms = 60_000, bookmark: unknown = null) =>
    callValue<Record<string, unknown> | null | undefined>(db.engine, 'durabase_private.hold_lease', {
      p_name: name,
      p_holder: holder,
      p_ms: ms,
      p_bookmark: bookmark,
    });
  const leave = (name: string, holder: string) =>
    callValue(db.engine, 'durabase_private.leave_lease', { p_name: name, p_holder: holder });

  it('lets one of two holders lead', async () => {
    expect(await hold('a', 'one')).toEqual({});
    expect(await hold('a', 'two')).toBeNull();
    expect(await hold('a', 'one')).toEqual({});
  });

  it('lets one of many lead that come at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => hold('rush', `holder-${n}`)));
    expect(answers.filter((answer) => answer !== null)).toHaveLength(1);
  });

  it('hands the lead and the bookmark over when the time of the holder is up', async () => {
    await hold('b', 'one', 50, { watermark: 7 });
    const bookmark = await eventually(async () => {
      const answer = await hold('b', 'two');
      if (answer === null) throw new Error('still held');
      return answer;
    });
    expect(bookmark).toEqual({ watermark: 7 });
    expect(await hold('b', 'one')).toBeNull();
  });

  it('keeps the bookmark when the holder brings none', async () => {
    await hold('c', 'one', 60_000, { n: 1 });
    expect(await hold('c', 'one')).toEqual({ n: 1 });
    expect(await hold('c', 'one', 60_000, { n: 2 })).toEqual({ n: 2 });
  });

  it('is free at once when the holder leaves, but not when somebody else does', async () => {
    await hold('d', 'one', 60_000, { n: 1 });
    await leave('d', 'two');
    expect(await hold('d', 'two')).toBeNull();
    await leave('d', 'one');
    expect(await hold('d', 'two')).toEqual({ n: 1 });
  });

  it('keeps leases of different names apart', async () => {
    await hold('e', 'one');
    expect(await hold('f', 'two')).toEqual({});
  });
});

describe('beat', () => {
  const db = useDatabase();

  it('registers a worker, follows it, and forgets those who are long gone', async () => {
    const beat = (worker: string, isPolling: boolean) =>
      callValue(db.engine, 'durabase_private.beat', {
        p_worker: worker,
        p_task_queue: 'q',
        p_started_at: new Date(),
        p_is_polling: isPolling,
        p_details: {},
      });
    const polling = async () =>
      (await callValue<{ workersPolling: number }>(db.engine, 'durabase_private.figures')).workersPolling;
    await beat('one', true);
    await beat('two', true);
    expect(await polling()).toBe(2);
    await db.owner.query("update durabase_private.workers set seen_at = now() - interval '2 hours' where id = 'two'");
    await beat('one', false);
    expect(await polling()).toBe(0);
    expect(await readValue(db.owner, 'select count(*)::int from durabase_private.workers')).toBe(1);
  });
});
