import { describe, expect, it } from '@jest/globals';
import type { SupabaseClient } from '@supabase/supabase-js';
import { eventually } from '../support/eventually.ts';
import { binding, changesOf, useChanges, type Subscribed } from './support/use-changes.ts';
import { newUser, useRealtime } from './support/use-realtime.ts';

const realtime = useRealtime();
const { addNews, nextNewsId, subscribe, settle } = useChanges(realtime);

describe('postgres_changes', () => {
  it('reach supabase-js as it hands them out', async () => {
    const anna = newUser();
    const client: SupabaseClient = await realtime.client(anna);
    const events: unknown[] = [];
    const systems: unknown[] = [];
    client
      .channel('own')
      .on('postgres_changes', { event: 'INSERT', schema: 'public', table: 'notes' }, (change) => events.push(['insert', change]))
      .on('postgres_changes', { event: '*', schema: 'public', table: 'notes', filter: 'room=eq.b' }, (change) =>
        events.push(['b', change]),
      )
      .on('system', {}, (message) => systems.push(message))
      .subscribe();
    await eventually(() => expect(systems).toMatchObject([{ status: 'ok' }]));
    const { rows } = await realtime.db.owner.query<{ id: string }>(
      "insert into notes (owner_id, room, body, rank) values ($1, 'a', 'first', 9007199254740993) returning id",
      [anna],
    );
    const id = rows[0]?.id;
    await realtime.db.owner.query("update notes set room = 'b', done = true where id = $1", [id]);
    const head = {
      schema: 'public',
      table: 'notes',
      errors: null,
      commit_timestamp: expect.stringMatching(/^\d{4}-.*T.*\.\d{3}Z$/),
    };
    const row = { id, owner_id: anna, body: 'first', rank: expect.any(Number), done: null };
    await eventually(() =>
      expect(events).toEqual([
        ['insert', { ...head, eventType: 'INSERT', new: { ...row, room: 'a' }, old: {} }],
        ['b', { ...head, eventType: 'UPDATE', new: { ...row, room: 'b', done: true }, old: { id } }],
      ]),
    );
  });

  it('say nothing of a row that is gone, or moved out of sight, before policies could be asked', async () => {
    const anna = newUser();
    const subscribed = await subscribe([binding('notes'), binding('news')], anna);
    const writer = await realtime.db.owner.connect();
    await writer.query('begin');
    await writer.query("insert into notes (owner_id, body) values ($1, 'gone')", [anna]);
    await writer.query("delete from notes where body = 'gone'");
    await writer.query("insert into notes (owner_id, body) values ($1, 'moved')", [anna]);
    await writer.query("update notes set owner_id = $1 where body = 'moved'", [newUser()]);
    await writer.query('commit');
    writer.release();
    await settle(subscribed);
    expect(subscribed.changes().map(({ data }) => data['type'])).toEqual(['DELETE', 'INSERT']);
  });

  it('echo the bindings in order, each with an id', async () => {
    const raw = await realtime.raw();
    const wishes = [
      binding('news', { filter: 'id=gt.5' }),
      binding('notes'),
      binding('news', { event: 'INSERT' }),
      { event: '*', schema: 'public' },
    ];
    const { payload } = await raw.join('realtime:echo', { postgres_changes: [...wishes, null] });
    const { postgres_changes: echo } = payload['response'] as { postgres_changes: { id: number }[] };
    expect(echo).toEqual(wishes.map((wish) => ({ ...wish, id: expect.any(Number) })));
    expect(echo.every(({ id }) => Number.isInteger(id) && id > 0)).toBe(true);
    expect(new Set(echo.map(({ id }) => id)).size).toBe(4);
  });

  it('name all bindings of a channel that a change fits, in one message', async () => {
    const wishes = [
      binding('news'),
      binding('news', { event: 'INSERT' }),
      binding('news', { event: 'DELETE' }),
      { event: '*', schema: '*' },
    ];
    const subscribed = await subscribe(wishes);
    await settle(subscribed);
    expect(subscribed.changes()).toHaveLength(1);
    expect(subscribed.changes()[0]?.ids).toEqual([subscribed.ids[0], subscribed.ids[1], subscribed.ids[3]]);
  });

  it('come in version 1 of the protocol too', async () => {
    const raw = await realtime.raw({ vsn: '1.0.0' });
    const payload = { config: { postgres_changes: [binding('news')] } };
    raw.send(JSON.stringify({ topic: 'realtime:v1', event: 'phx_join', payload, ref: '1', join_ref: '1' }));
    await raw.find((frame) => frame.event === 'system');
    const id = await addNews();
    expect((await raw.find((frame) => frame.event === 'postgres_changes')).payload).toMatchObject({ data: { record: { id } } });
  });

  it('give each user his own rows, in the columns that he may read', async () => {
    const [anna, bert] = [newUser(), newUser()];
    const notes = [binding('notes'), binding('news')];
    const [first, second, service] = [
      await subscribe(notes, anna),
      await subscribe(notes, bert),
      await subscribe(notes, undefined, { apikey: realtime.secretKey }),
    ];
    await realtime.db.owner.query(
      "insert into notes (owner_id, body, hidden) values ($1, 'of anna', 'x'), ($2, 'of bert', 'x')",
      [anna, bert],
    );
    await settle(first);
    await settle(second);
    await eventually(() => expect(service.changes().length).toBeGreaterThanOrEqual(2));
    const bodies = ({ changes }: Subscribed) => changes().flatMap(({ data }) => data.record?.['body'] ?? []);
    expect([bodies(first), bodies(second), bodies(service)]).toEqual([['of anna'], ['of bert'], ['of anna', 'of bert']]);
    expect(first.changes()[0]?.data.record).not.toHaveProperty('hidden');
    expect(first.changes()[0]?.data['columns']).toEqual(
      [
        ['id', 'uuid'],
        ['owner_id', 'uuid'],
        ['room', 'text'],
        ['body', 'text'],
        ['rank', 'int8'],
        ['done', 'bool'],
      ].map(([name, type]) => ({ name, type })),
    );
    expect(service.changes()[0]?.data.record).toHaveProperty('hidden', 'x');
  });

  it('follow rights as they change', async () => {
    const anna = newUser();
    const subscribed = await subscribe([binding('notes'), binding('news')], anna);
    await realtime.db.owner.query("insert into notes (owner_id, body) values ($1, 'one')", [anna]);
    await settle(subscribed);
    await realtime.db.owner.query('revoke select on notes from authenticated');
    await realtime.db.owner.query('grant select (id, body) on notes to authenticated');
    await realtime.db.owner.query("insert into notes (owner_id, body) values ($1, 'two')", [anna]);
    await settle(subscribed);
    await realtime.db.owner.query('revoke select on notes from authenticated');
    await realtime.db.owner.query("insert into notes (owner_id, body) values ($1, 'three')", [anna]);
    await settle(subscribed);
    await realtime.db.owner.query('grant select (id, owner_id, room, body, rank, done) on notes to authenticated');
    const seen = subscribed.changes().filter(({ data }) => data['table'] === 'notes');
    expect(seen.map(({ data }) => Object.keys(data.record ?? {}))).toEqual([
      ['id', 'owner_id', 'room', 'body', 'rank', 'done'],
      ['id', 'body'],
      [],
    ]);
    expect(seen[2]?.data['errors']).toEqual(['Error 401: Unauthorized']);
  });

  it('keep numbers that JavaScript would round, and times in UTC', async () => {
    const raw = await realtime.raw();
    const texts: string[] = [];
    raw.ws.on('message', (data: Buffer) => texts.push(data.toString()));
    await raw.join('realtime:exact', { postgres_changes: [binding('news')] });
    await raw.find((frame) => frame.event === 'system');
    const writer = await realtime.db.owner.connect();
    await writer.query("set timezone = 'Asia/Kolkata'");
    await writer.query("insert into news (id, title, at) values (9007199254740993, 'big', '2026-01-01T00:00:00Z')");
    await writer.query('reset timezone');
    writer.release();
    await eventually(() => expect(texts.join()).toContain('9007199254740993'));
    expect(texts.join()).toContain('"at":"2026-01-01T00:00:00+00:00"');
  });

  it('keep their order, whatever writes', async () => {
    const subscribed = await subscribe([binding('news')]);
    for (let n = 0; n < 20; n += 1) {
      const [first = 0, ...others] = Array.from({ length: 50 }, nextNewsId);
      await realtime.db.owner.query("insert into news (id, title) select n, 'order' from generate_series($1::int, $2::int) n", [
        first,
        others.at(-1),
      ]);
    }
    await settle(subscribed);
    const ids = subscribed.changes().map(({ data }) => Number(data.record?.['id']));
    expect(ids).toHaveLength(1_001);
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
  });

  it('do not wait for a foreign transaction, and bring what it wrote when it commits', async () => {
    const subscribed = await subscribe([binding('news')]);
    const foreign = await realtime.db.owner.connect();
    await foreign.query('begin');
    await foreign.query("insert into news (id, title) values (-1, 'held')");
    const id = await addNews('free');
    await eventually(() => expect(subscribed.changes().map(({ data }) => data.record?.['id'])).toEqual([id]), {
      timeoutMs: 1_000,
    });
    await foreign.query('commit');
    foreign.release();
    await eventually(() => expect(subscribed.changes().map(({ data }) => data.record?.['id'])).toEqual([id, -1]), {
      timeoutMs: 1_000,
    });
  });

  it('bring everything that commits after `system`, even what was written before', async () => {
    await realtime.restart(); // nobody watches the table yet
    const writer = await realtime.db.owner.connect();
    await writer.query('begin');
    const before = nextNewsId();
    await writer.query("insert into news (id, title) values ($1, 'before')", [before]);
    const raw = await realtime.raw();
    await raw.join('realtime:race', { postgres_changes: [binding('news')] });
    const between = await addNews('between');
    const isWatched = async (): Promise<number | null> =>
      (await realtime.db.owner.query("select from realtime.subscription where entity = 'news'::regclass")).rowCount;
    await eventually(async () => expect(await isWatched()).toBe(1));
    // By the time that other joins have been answered, `system` would have come, were the writer not waited for.
    for (const room of ['a', 'b', 'c']) await raw.join(`realtime:room:${room}`, { private: true });
    expect(raw.frames.filter((frame) => frame.event === 'system')).toEqual([]);
    await writer.query('commit');
    writer.release();
    await raw.find((frame) => frame.event === 'system');
    const after = await addNews('after');
    const seen = () => changesOf(raw).map(({ data }) => data.record?.['id']);
    await eventually(() => expect(seen()).toContain(after));
    // What committed before the message may have come or not, but nothing else has.
    expect(seen().filter((id) => id !== before && id !== between)).toEqual([after]);
  });

  it('lose nothing of what is written while others join and leave', async () => {
    const steady = await subscribe([binding('news')]);
    const from = await addNews();
    const churn = (async () => {
      for (let n = 0; n < 10; n += 1) {
        const { raw, topic } = await subscribe([binding('news', { filter: `id=gt.${n}` })]);
        raw.push(topic, 'phx_leave');
      }
    })();
    for (let n = 0; n < 200; n += 1) await addNews();
    await churn;
    await settle(steady);
    const ids = steady.changes().map(({ data }) => data.record?.['id']);
    expect(ids).toEqual(Array.from({ length: 202 }, (_, index) => from + index));
  });
});
