import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually.ts';
import { listen, makeTopic, type Listener } from '../support/listen.ts';
import { useSupabase } from '../support/use-supabase.ts';

const supabase = useSupabase((p) => ({
  create: `create table public.${p}_items (id int primary key, amount int, name text, is_on bool, day date, key uuid)`,
  grant: `grant select on public.${p}_items to anon; alter publication supabase_realtime add table public.${p}_items`,
}));

const ROWS = `
  (1, 10, 'alpha', true, '2026-01-01', '00000000-0000-7000-8000-000000000001'),
  (2, 20, 'Beta', false, '2026-06-01', '00000000-0000-7000-8000-000000000002'),
  (3, 30, 'gamma, delta', null, null, null),
  (4, null, null, true, '2026-12-31', null),
  (5, 20, 'al%ha (x)', false, '2027-01-01', null)`;

/** The filter, and the ids of the rows that pass it. */
const FILTERS: readonly (readonly [string, readonly number[]])[] = [
  ['amount=eq.20', [2, 5]],
  ['amount=neq.20', [1, 3]],
  ['amount=lt.20', [1]],
  ['amount=lte.20', [1, 2, 5]],
  ['amount=gt.20', [3]],
  ['amount=gte.20', [2, 3, 5]],
  ['amount=in.(10,30)', [1, 3]],
  ['name=eq.Beta', [2]],
  ['name=eq."gamma, delta"', [3]],
  ['name=in.(alpha,"gamma, delta")', [1, 3]],
  ['name=like.al%', [1, 5]],
  ['name=ilike.b%', [2]],
  ['name=match.^[A-Z]', [2]],
  ['name=imatch.^G', [3]],
  ['name=is.null', [4]],
  ['is_on=is.true', [1, 4]],
  ['is_on=is.false', [2, 5]],
  ['is_on=eq.true', [1, 4]],
  ['amount=isdistinct.20', [1, 3, 4]],
  ['day=gte.2026-12-31', [4, 5]],
  ['key=eq.00000000-0000-7000-8000-000000000002', [2]],
  ['amount=not.eq.20', [1, 3]],
  ['name=not.is.null', [1, 2, 3, 5]],
  ['amount=not.in.(10,20)', [3]],
  ['name=not.like.al%', [2, 3]],
  ['amount=gte.10,amount=lt.30', [1, 2, 5]],
  ['amount=eq.20,is_on=is.false,name=ilike.b%', [2]],
];

const UPDATED: readonly (readonly [string, readonly string[]])[] = [
  ['amount=eq.21', ['INSERT 6', 'UPDATE 7']],
  ['amount=eq.22', ['UPDATE 6']],
  ['id=eq.6', ['INSERT 6', 'UPDATE 6', 'DELETE 6']],
  ['name=eq.six', ['INSERT 6', 'UPDATE 6']],
];

const followers = new Map<string, Listener>();
const follow = async (filter: string): Promise<void> => {
  const table = `${supabase.prefix}_items`;
  followers.set(
    filter,
    // The second binding hears everything: when it has the last change, the first one has had all of its own.
    await listen(supabase.anonymous, makeTopic(supabase.prefix), { changes: [{ table, filter }, { table }] }),
  );
};
const cameUpTo = async (id: number): Promise<void> => {
  for (const { changes } of followers.values())
    await eventually(() => expect(changes[1]?.at(-1)?.new['id'] ?? changes[1]?.at(-1)?.old['id']).toBe(id));
};
const told = (filter: string, from: number) =>
  (followers.get(filter)?.changes[0] ?? [])
    .map(({ eventType, new: row, old }) => ({ eventType, id: Number(row['id'] ?? old['id']) }))
    .filter(({ id }) => (from <= 5 ? id <= 5 : id > 5));

beforeAll(async () => {
  for (const [filter] of [...FILTERS, ...UPDATED]) if (!followers.has(filter)) await follow(filter);
  const run = (text: string) => supabase.owner.query(text.replaceAll('$$', `public.${supabase.prefix}_items`));
  await run(`insert into $$ values ${ROWS}`);
  await cameUpTo(5);
  await run("insert into $$ (id, amount, name) values (6, 21, 'six'), (7, 1, 'seven')");
  await run('update $$ set amount = 22 where id = 6');
  await run('update $$ set amount = 21 where id = 7');
  await run('delete from $$ where id = 6');
  await run('insert into $$ (id) values (99)');
  await cameUpTo(99);
}, 60_000);

describe('Realtime: filters on inserted rows', () => {
  it.each(FILTERS)('%s', (filter, ids) => expect(told(filter, 1).map(({ id }) => id)).toEqual(ids));
});

describe('Realtime: filters on updated and deleted rows', () => {
  it.each(UPDATED)('%s', (filter, events) =>
    expect(
      told(filter, 6)
        .filter(({ id }) => id !== 99)
        .map(({ eventType, id }) => `${eventType} ${id}`),
    ).toEqual(events),
  );
});
