import { describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import { binding, useChanges } from './support/use-changes.ts';
import { newUser, useRealtime } from './support/use-realtime.ts';

const realtime = useRealtime();
const { nextNewsId, subscribe, settle } = useChanges(realtime);

describe('a deleted row', () => {
  it('is told by its key where there are policies, to everybody who listens to the table', async () => {
    const [anna, bert] = [newUser(), newUser()];
    const { rows } = await realtime.db.owner.query<{ id: string }>(
      "insert into notes (owner_id, body) values ($1, 'x') returning id",
      [anna],
    );
    const subscribed = await subscribe([binding('notes', { event: 'DELETE' }), binding('news')], bert);
    await realtime.db.owner.query('delete from notes where id = $1', [rows[0]?.id]);
    await settle(subscribed);
    expect(subscribed.changes()[0]?.data).toEqual({
      schema: 'public',
      table: 'notes',
      type: 'DELETE',
      commit_timestamp: expect.any(String),
      errors: null,
      columns: expect.any(Array),
      old_record: { id: rows[0]?.id },
    });
  });

  it('is told in full where the replica identity is full and there are no policies', async () => {
    await realtime.db.owner.query("insert into complete values (1, 'one')");
    const subscribed = await subscribe([binding('complete'), binding('news')]);
    await realtime.db.owner.query("update complete set title = 'uno'; delete from complete");
    await settle(subscribed);
    expect(
      subscribed
        .changes()
        .slice(0, 2)
        .map(({ data }) => [data['type'], data['old_record']]),
    ).toEqual([
      ['UPDATE', { id: 1, title: 'one' }],
      ['DELETE', { id: 1, title: 'uno' }],
    ]);
  });

  it('passes filters on its identity only', async () => {
    const subscribed = await subscribe([
      binding('news', { event: 'DELETE', filter: 'id=gt.0' }),
      binding('news', { event: 'DELETE', filter: 'title=is.null' }),
      binding('news', { event: 'INSERT' }),
    ]);
    const id = nextNewsId();
    await realtime.db.owner.query('insert into news (id) values ($1)', [id]);
    await realtime.db.owner.query('delete from news where id = $1', [id]);
    await settle(subscribed);
    expect(
      subscribed
        .changes()
        .filter(({ data }) => data['type'] === 'DELETE')
        .map(({ ids }) => ids),
    ).toEqual([[subscribed.ids[0]]]);
  });
});

describe('what cannot be told', () => {
  it('of a table without key is told as error 400, but for rows that are gone', async () => {
    const subscribed = await subscribe([binding('keyless'), binding('news')]);
    await realtime.db.owner.query("insert into keyless values ('x')");
    await settle(subscribed);
    expect(subscribed.changes()[0]?.data).toMatchObject({
      type: 'INSERT',
      errors: ['Error 400: Bad Request, no primary key'],
      record: {},
    });
  });

  it('of a table that the role may not read is told as error 401', async () => {
    const subscribed = await subscribe([binding('closed'), binding('news')]);
    await realtime.db.owner.query("insert into closed values (1, 'x')");
    await settle(subscribed);
    expect(subscribed.changes()[0]?.data).toMatchObject({ errors: ['Error 401: Unauthorized'], record: {}, columns: [] });
  });

  it('of a row that is too large is told as error 413, with its short values', async () => {
    const subscribed = await subscribe([binding('news')]);
    const id = nextNewsId();
    await realtime.db.owner.query("insert into news (id, title) values ($1, repeat('x', 1048577))", [id]);
    await settle(subscribed);
    expect(subscribed.changes()[0]?.data).toMatchObject({
      errors: ['Error 413: Payload Too Large'],
      record: { id, at: null },
    });
    expect(subscribed.changes()[0]?.data.record).not.toHaveProperty('title');
  });
});

describe('select', () => {
  it('narrows the columns, and keeps the key', async () => {
    const subscribed = await subscribe([binding('news', { select: ['title'] }), binding('news')]);
    await settle(subscribed);
    expect(subscribed.changes().map(({ data }) => Object.keys(data.record ?? {}))).toEqual([
      ['id', 'title'],
      ['id', 'title', 'at'],
    ]);
  });
});

describe('the publication', () => {
  it('is followed when tables join and leave it', async () => {
    const subscribed = await subscribe([binding('news')]);
    await realtime.db.owner.query(`
      create table public.fresh (id int primary key);
      grant select on public.fresh to anon;
      alter publication supabase_realtime add table public.fresh;
      notify pgrst, 'reload schema';`);
    const triggers = async (): Promise<number | null> =>
      (await realtime.db.owner.query("select from pg_trigger where tgname = 'zz_realtime' and tgrelid = 'fresh'::regclass"))
        .rowCount;
    await eventually(async () => expect(await triggers()).toBe(1));
    const late = await subscribe([binding('fresh')]);
    await realtime.db.owner.query('insert into fresh values (1)');
    await eventually(() => expect(late.changes()).toHaveLength(1));
    await realtime.db.owner.query("alter publication supabase_realtime drop table public.fresh; notify pgrst, 'reload schema'");
    await eventually(async () => expect(await triggers()).toBe(0));
    await realtime.db.owner.query('insert into fresh values (2)');
    await settle(subscribed);
    expect(late.changes()).toHaveLength(1);
  });
});
