import { describe, expect, it } from '@jest/globals';
import { dataOf, inShort } from '../support/answers.ts';
import { expectedOf } from '../support/expected-of.ts';
import { useSupabase } from '../support/use-supabase.ts';

const FUNCTIONS = (p: string): string => `
  create table public.${p}_words (id int primary key, word text not null, parent_id int references public.${p}_words (id));
  insert into public.${p}_words values (1, 'one', null), (2, 'two', 1), (3, 'three', 1);
  create table public.${p}_marks (word_id int references public.${p}_words (id), mark text);
  insert into public.${p}_marks values (3, '!');
  create function public.${p}_add(a int, b int default 10) returns int language sql immutable as 'select a + b';
  create function public.${p}_greet(name text default null) returns text language sql immutable as $$ select 'hello ' || name $$;
  create function public.${p}_nothing() returns void language sql as 'select';
  create function public.${p}_numbers(up_to int) returns setof int language sql immutable as 'select generate_series(1, up_to)';
  create function public.${p}_words_after(after int) returns setof public.${p}_words language sql stable as 'select * from public.${p}_words where id > after';
  create function public.${p}_word(id int) returns public.${p}_words language sql stable as 'select * from public.${p}_words w where w.id = $1';
  create function public.${p}_pairs() returns table (name text, size int) language sql immutable as $$ values ('a', 1), ('b', 2) $$;
  create function public.${p}_pair(out name text, out size int) language sql immutable as $$ select 'a', 1 $$;
  create function public.${p}_echo(value jsonb) returns jsonb language sql immutable as 'select value';
  create function public.${p}_kind(value jsonb) returns text language sql immutable as 'select jsonb_typeof(value)';
  create function public.${p}_join(words text[]) returns text language sql immutable as $$ select array_to_string(words, '+') $$;
  create function public.${p}_ids() returns uuid[] language sql immutable as $$ select array['00000000-0000-7000-8000-000000000001'::uuid] $$;
  create function public.${p}_overloaded(a int) returns text language sql immutable as $$ select 'int' $$;
  create function public.${p}_overloaded(b text) returns text language sql immutable as $$ select 'text' $$;
  create function public.${p}_rename(id int, word text) returns int language plpgsql as
    'begin update public.${p}_words w set word = $2 where w.id = $1; return 1; end';
  create function public.${p}_refuse(state text) returns int language plpgsql as
    $$ begin raise exception using errcode = state, message = 'the message', detail = 'the detail', hint = 'the hint'; end $$;
  create function public.${p}_divide() returns int language plpgsql as 'begin return 1 / 0; end';
  create function public.${p}_hidden() returns int language sql as 'select 1'`;

const supabase = useSupabase((prefix) => ({
  create: FUNCTIONS(prefix),
  grant: `
    do $$ declare found record; begin
      for found in select p.oid::regprocedure::text as name from pg_catalog.pg_proc p
        where p.pronamespace = 'public'::regnamespace and starts_with(p.proname, '${prefix}') and p.proname <> '${prefix}_hidden' loop
        execute format('grant execute on function %s to anon', found.name);
      end loop;
    end $$;
    grant select, update on public.${prefix}_words to anon;
    grant select on public.${prefix}_marks to anon`,
}));
const call = (name: string, args: Readonly<Record<string, unknown>> = {}, options: { get?: boolean; head?: boolean } = {}) =>
  supabase.anonymous.rpc(`${supabase.prefix}_${name}`, args, options);

describe('REST: functions', () => {
  it('returns a scalar', async () => expect(await call('add', { a: 1, b: 2 })).toMatchObject({ status: 200, data: 3 }));

  it('fills in default arguments', async () => expect((await call('add', { a: 1 })).data).toBe(11));

  it('passes null', async () => expect(await call('greet', { name: null })).toMatchObject({ data: null, error: null }));

  it('answers void with 204', async () => expect(await call('nothing')).toMatchObject({ status: 204, data: null }));

  it('returns a set of scalars as a list', async () => expect((await call('numbers', { up_to: 3 })).data).toEqual([1, 2, 3]));

  it('returns an empty set as an empty list', async () => expect((await call('numbers', { up_to: 0 })).data).toEqual([]));

  it('returns a table', async () => {
    expect((await call('pairs')).data).toEqual([
      { name: 'a', size: 1 },
      { name: 'b', size: 2 },
    ]);
  });

  it('returns one record as an object', async () => expect((await call('pair')).data).toEqual({ name: 'a', size: 1 }));

  it('returns one row as an object', async () => {
    expect((await call('word', { id: 2 })).data).toEqual({ id: 2, word: 'two', parent_id: 1 });
  });

  it('filters, orders, limits and counts rows of a function', async () => {
    const answer = await supabase.anonymous
      .rpc(`${supabase.prefix}_words_after`, { after: 0 }, { count: 'exact' })
      .select('word')
      .neq('word', 'one')
      .order('word')
      .limit(1);
    expect(answer).toMatchObject({ data: [{ word: 'three' }], count: 2 });
  });

  it('embeds in rows of a function', async () => {
    const answer = await call('words_after', { after: 2 }).select(`word, marks:${supabase.prefix}_marks(mark)`);
    expect(dataOf(answer)).toEqual([{ word: 'three', marks: [{ mark: '!' }] }]);
  });

  it('embeds a row of the same table in rows of a function', async () => {
    const answer = await call('words_after', { after: 2 }).select(`word, parent:parent_id(word)`);
    expect(inShort(answer)).toBe(expectedOf('function-embeds-its-own-table'));
  });

  it('gives a single row of a function', async () => {
    expect(dataOf(await call('words_after', { after: 2 }).select('word').single())).toEqual({ word: 'three' });
  });

  it('takes and returns objects', async () => {
    const value = { a: [1, 'two', null, { b: true }], ü: '"' };
    expect((await call('echo', { value })).data).toEqual(value);
    expect((await call('kind', { value })).data).toBe('object');
  });

  it('takes lists as json', async () => expect((await call('kind', { value: [1, 2] })).data).toBe('array'));

  it.each([
    ['a number', 5, 'number'],
    ['true', true, 'boolean'],
  ])('takes %s as json', async (_name, value, kind) => expect((await call('kind', { value })).data).toBe(kind));

  it('takes a text as json', async () => {
    expect(inShort(await call('kind', { value: 'text' }))).toBe(expectedOf('json-text-argument'));
  });

  it('takes lists of texts as arrays', async () => {
    expect((await call('join', { words: ['a', 'b,c', '{"', 'ü'] })).data).toBe('a+b,c+{"+ü');
  });

  it('returns arrays', async () => expect((await call('ids')).data).toEqual(['00000000-0000-7000-8000-000000000001']));

  it('chooses among functions by the names of the arguments', async () => {
    expect([(await call('overloaded', { a: 1 })).data, (await call('overloaded', { b: 'x' })).data]).toEqual(['int', 'text']);
  });

  it('is called by GET too', async () => expect((await call('add', { a: 1, b: 5 }, { get: true })).data).toBe(6));

  it('refuses by GET what writes', async () => {
    expect(inShort(await call('rename', { id: 1, word: 'uno' }, { get: true }))).toBe('405 25006');
    expect((await call('rename', { id: 1, word: 'one' })).data).toBe(1);
  });
});

describe('REST: functions that cannot be called', () => {
  it('unknown function', async () => expect(inShort(await call('unknown'))).toBe('404 PGRST202'));

  it('missing argument', async () => expect(inShort(await call('add', { b: 1 }))).toBe('404 PGRST202'));

  it('unknown argument', async () => expect(inShort(await call('add', { a: 1, c: 1 }))).toBe('404 PGRST202'));

  it('argument of another type', async () => expect(inShort(await call('add', { a: 'x' }))).toBe('400 22P02'));

  it('function that is not granted', async () => expect(inShort(await call('hidden'))).toBe('401 42501'));
});

describe('REST: functions that refuse', () => {
  it.each([400, 401, 403, 404, 409, 410, 422, 429, 503])('PT%i becomes the status', async (status) => {
    const answer = await call('refuse', { state: `PT${status}` });
    expect(answer).toMatchObject({
      status,
      data: null,
      error: { code: `PT${status}`, message: 'the message', details: 'the detail', hint: 'the hint' },
    });
  });

  it('raise without a code of its own', async () => {
    expect(inShort(await call('refuse', { state: 'P0001' }))).toBe(expectedOf('raise'));
  });

  it('insufficient privilege raised by hand', async () => {
    expect(inShort(await call('refuse', { state: '42501' }))).toBe('401 42501');
  });

  it('unique violation raised by hand', async () => expect(inShort(await call('refuse', { state: '23505' }))).toBe('409 23505'));

  it('no data found', async () => {
    expect(inShort(await call('refuse', { state: 'P0002' }))).toBe(expectedOf('no-data-found'));
  });

  it('serialization failure', async () => {
    expect(inShort(await call('refuse', { state: '40001' }))).toBe(expectedOf('serialization-failure'));
  });

  it('division by zero', async () => expect(inShort(await call('divide'))).toBe('400 22012'));
});
