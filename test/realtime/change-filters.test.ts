import { describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.ts';
import type { RawSocket } from './support/raw-socket.ts';
import { newUser, useRealtime } from './support/use-realtime.ts';

const realtime = useRealtime();
const anna = newUser();

const binding = (filter: unknown, table = 'notes') => ({ event: 'INSERT', schema: 'public', table, filter });

const join = async (bindings: readonly unknown[], config: object = {}): Promise<RawSocket> => {
  const raw = await realtime.raw();
  await raw.join('realtime:filters', { postgres_changes: bindings, ...config }, await realtime.token(anna));
  return raw;
};

/** What the filter lets through of six notes. */
const passing = async (filter: string): Promise<readonly string[]> => {
  const raw = await join([binding(filter), binding(undefined, 'news')]);
  expect((await raw.find((frame) => frame.event === 'system')).payload).toMatchObject({ status: 'ok' });
  const notes = [
    ['a1', 'Alpha', 1, true],
    ['b2', 'beta, or not', 2, false],
    ['c3', 'x"y', 3, null],
    ['d4', 'ALPHABET', null, true],
    ['e5', '', 5, false],
    ['f6', '(round)', 9007199254740993n, null],
  ];
  for (const [room, body, rank, done] of notes)
    await realtime.db.owner.query('insert into notes (owner_id, room, body, rank, done) values ($1, $2, $3, $4, $5)', [
      anna,
      room,
      body,
      rank,
      done,
    ]);
  const id = Math.floor(Math.random() * 1e9);
  await realtime.db.owner.query('insert into news (id) values ($1)', [id]);
  const changes = () =>
    raw.frames
      .filter((frame) => frame.event === 'postgres_changes')
      .map((frame) => (frame.payload['data'] as { record: { id: number; room?: string } }).record);
  await eventually(() => expect(changes().at(-1)?.id).toBe(id));
  raw.terminate();
  return changes().flatMap(({ room }) => room ?? []);
};

describe('a filter', () => {
  it.each([
    ['', ['a1', 'b2', 'c3', 'd4', 'e5', 'f6']],
    ['room=eq.a1', ['a1']],
    ['room=neq.a1', ['b2', 'c3', 'd4', 'e5', 'f6']],
    ['rank=lt.3', ['a1', 'b2']],
    ['rank=lte.3', ['a1', 'b2', 'c3']],
    ['rank=gt.3', ['e5', 'f6']],
    ['rank=gte.3', ['c3', 'e5', 'f6']],
    ['rank=eq.9007199254740993', ['f6']],
    ['rank=neq.1', ['b2', 'c3', 'e5', 'f6']],
    ['room=in.(a1,c3,x)', ['a1', 'c3']],
    ['body=in.("beta, or not",Alpha)', ['a1', 'b2']],
    ['rank=in.(1,5)', ['a1', 'e5']],
    ['body=like.Al%', ['a1']],
    ['body=ilike.al%', ['a1', 'd4']],
    ['done=is.null', ['c3', 'f6']],
    ['done=is.true', ['a1', 'd4']],
    ['rank=is.null', ['d4']],
    ['body=match.^[A-Z]+$', ['d4']],
    ['body=imatch.^alpha', ['a1', 'd4']],
    ['rank=isdistinct.1', ['b2', 'c3', 'd4', 'e5', 'f6']],
    ['rank=not.isdistinct.1', ['a1']],
    ['room=not.eq.a1', ['b2', 'c3', 'd4', 'e5', 'f6']],
    ['room=not.in.(a1,b2,c3)', ['d4', 'e5', 'f6']],
    ['done=not.is.null', ['a1', 'b2', 'd4', 'e5']],
    ['body=not.ilike.al%', ['b2', 'c3', 'e5', 'f6']],
    ['rank=gt.1,rank=lt.5', ['b2', 'c3']],
    ['body=eq."x\\"y"', ['c3']],
    ['body=eq.', ['e5']],
    ['body=eq.(round)', ['f6']],
    ["body=eq.' or true --", []],
    ['id=eq.00000000-0000-0000-0000-000000000000', []],
  ])('%s lets through what it says', async (filter, rooms) => {
    expect(await passing(filter)).toEqual(rooms);
  });
});

describe('a subscription', () => {
  it.each([
    ['a filter that is malformed', [binding('room')], /^Error parsing `filter` params: \["room"\]$/],
    ['an operator that does not exist', [binding('room=cs.a')], /^Error parsing `filter` params: \["cs", "a"\]$/],
    ['a column that does not exist', [binding('nothing=eq.1')], /invalid column for filter nothing$/],
    ['a column that may not be read', [binding('hidden=eq.1')], /invalid column for filter hidden$/],
    [
      'a column that may not be read, as the second one',
      [binding('room=eq.a,hidden=like.%')],
      /invalid column for filter hidden$/,
    ],
    ['a system column', [binding('ctid=eq.(0,1)')], /invalid column for filter ctid$/],
    ['a value of another type', [binding('rank=eq.many')], /invalid input syntax for type bigint: "many"$/],
    ['a list with a value of another type', [binding('rank=in.(1,many)')], /invalid input syntax for type bigint: "many"$/],
    ['a list that is no list', [binding('rank=in.({)')], /malformed array literal/],
    [
      'more than 100 values',
      [binding(`rank=in.(${Array.from({ length: 101 }, (_, n) => n).join()})`)],
      /too many values for `in` filter. Maximum 100$/,
    ],
    ['a pattern for a number', [binding('rank=like.1%')], /operator does not exist/],
    ['a pattern that is no pattern', [binding('body=match.(')], /invalid regular expression/],
    ['a keyword that is none', [binding('done=is.perhaps')], /invalid value for is filter/],
    ['a keyword for another type', [binding('rank=is.true')], /is true filter requires a boolean column, got int8$/],
    ['a filter that is an object', [binding({})], /^Error parsing `filter` params/],
    [
      'a table that is not published',
      [binding(undefined, 'unpublished')],
      /^Unable to subscribe to changes .* Please check Realtime is enabled/,
    ],
    ['a table that does not exist', [binding(undefined, 'nowhere')], /Please check Realtime is enabled/],
    [
      'a column to select that may not be read',
      [{ ...binding(undefined), select: ['hidden'] }],
      /invalid column for select hidden$/,
    ],
    ['a wish that is text', ['notes'], /not an object$/],
    ['one good wish and one bad one', [binding(undefined), binding('nothing=eq.1')], /invalid column for filter nothing$/],
  ])('with %s is refused, and nothing is delivered', async (_, bindings, reason) => {
    const raw = await join(bindings);
    const witness = await join([binding(undefined, 'news')]);
    await witness.find((frame) => frame.event === 'system');
    const { payload } = await raw.find((frame) => frame.event === 'system');
    expect(payload).toMatchObject({ status: 'error', extension: 'postgres_changes', channel: 'filters' });
    expect(payload['message']).toMatch(reason);
    await realtime.db.owner.query("insert into notes (owner_id, body, hidden, rank) values ($1, 'x', '1', 1)", [anna]);
    await realtime.db.owner.query('insert into unpublished values ($1)', [Math.floor(Math.random() * 1e9)]);
    await realtime.db.owner.query('insert into news (id) values ($1)', [Math.floor(Math.random() * 1e9)]);
    await witness.find((frame) => frame.event === 'postgres_changes');
    await raw.join('realtime:after');
    expect(raw.frames.filter((frame) => frame.event === 'postgres_changes')).toEqual([]);
  });

  it('is refused with the join itself where the client waits for it', async () => {
    const wait = { postgres_changes_options: { wait: true } };
    const bad = await realtime.raw();
    const answer = await bad.join(
      'realtime:w',
      { postgres_changes: [binding('nothing=eq.1')], ...wait },
      await realtime.token(anna),
    );
    expect(answer.payload).toMatchObject({ status: 'error', response: { reason: expect.stringContaining('invalid column') } });
    const good = await realtime.raw();
    await good.join('realtime:w', { postgres_changes: [binding('rank=gt.0')], ...wait }, await realtime.token(anna));
    await realtime.db.owner.query('insert into notes (owner_id, rank) values ($1, 1)', [anna]);
    await good.find((frame) => frame.event === 'postgres_changes');
  });

  it('is refused with more bindings than allowed', async () => {
    const raw = await realtime.raw();
    const bindings = Array.from({ length: 101 }, (_, n) => binding(`rank=eq.${n}`));
    expect((await raw.join('realtime:many', { postgres_changes: bindings })).payload).toMatchObject({ status: 'error' });
  });

  it('is checked anew when a token brings another role', async () => {
    const raw = await realtime.raw();
    const service = await realtime.token(anna, { claims: { role: 'service_role' } });
    await raw.join('realtime:roles', { postgres_changes: [binding('hidden=eq.secret')] }, service);
    await raw.find((frame) => frame.event === 'system' && frame.payload['status'] === 'ok');
    await realtime.db.owner.query("insert into notes (owner_id, hidden) values ($1, 'secret')", [anna]);
    await raw.find((frame) => frame.event === 'postgres_changes');
    raw.push('realtime:roles', 'access_token', { access_token: await realtime.token(anna) });
    await raw.find((frame) => frame.event === 'system' && frame.payload['status'] === 'error');
    await realtime.db.owner.query("insert into notes (owner_id, hidden) values ($1, 'secret')", [anna]);
    await realtime.send('roles', 'end', { id: '1' }, false);
    await raw.find((frame) => frame.event === 'broadcast');
    expect(raw.frames.filter((frame) => frame.event === 'postgres_changes')).toHaveLength(1);
  });
});

describe('a filter that fails only when it runs', () => {
  it('costs its own channel a rejoin, and others of the same rights nothing', async () => {
    await realtime.db.owner.query(`
      create table public.moods (id int primary key, mood text);
      alter table public.moods enable row level security;
      create policy moods_all on public.moods to anon using (case when id = 13 then id / (id - 13) = 1 else true end);
      grant select on public.moods to anon;
      alter publication supabase_realtime add table public.moods;
      select realtime.follow_publication();`);
    const open = async (filter: string | undefined, table: string) => {
      const raw = await realtime.raw();
      await raw.join(`realtime:fail-${table}`, { postgres_changes: [{ event: '*', schema: 'public', table, filter }] });
      await raw.find((frame) => frame.event === 'system');
      return raw;
    };
    const [failing, other] = [await open(undefined, 'moods'), await open('id=gt.0', 'news')];
    const writer = await realtime.db.owner.connect();
    await writer.query("begin; insert into moods values (13, 'bad'); insert into news (id, title) values (777, 'fine'); commit");
    writer.release();
    await other.find((frame) => frame.event === 'postgres_changes');
    await failing.find((frame) => frame.event === 'phx_error');
    expect(other.frames.filter((frame) => frame.event === 'phx_error')).toEqual([]);
  });
});
