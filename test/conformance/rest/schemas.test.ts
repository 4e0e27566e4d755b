import { describe, expect, it } from '@jest/globals';
import { inShort } from '../support/answers.ts';
import { useSupabase } from '../support/use-supabase.ts';
import { writeLibrary } from './library.ts';

const supabase = useSupabase(writeLibrary);
const url = (path: string): string => `${supabase.settings.url}/rest/v1/${supabase.prefix}_${path}`;
const apikey = supabase.settings.publishableKey;

describe('REST: schemas', () => {
  it('serves the schema that the client names', async () => {
    expect(
      inShort(
        await supabase
          .connect({ db: { schema: 'public' } })
          .from(`${supabase.prefix}_books`)
          .select('id'),
      ),
    ).toBe('200');
    expect(inShort(await supabase.anonymous.schema('public').from(`${supabase.prefix}_books`).select('id'))).toBe('200');
  });

  it('serves the schema that the header names', async () => {
    const answer = await fetch(url('books?select=id&id=eq.1'), { headers: { apikey, 'accept-profile': 'public' } });
    expect(await answer.json()).toEqual([{ id: 1 }]);
  });

  it.each(['auth', 'realtime', 'pg_catalog', 'durabase_private', 'nowhere'])(
    'refuses %s, which is not exposed',
    async (schema) => {
      expect(inShort(await supabase.service.schema(schema).from('users').select('id'))).toBe('406 PGRST106');
      expect(inShort(await supabase.service.schema(schema).from('users').insert({ id: 1 }))).toBe('406 PGRST106');
      expect(inShort(await supabase.service.schema(schema).rpc('uid'))).toBe('406 PGRST106');
    },
  );
});

describe('REST: what is not there', () => {
  const books = () => supabase.service.from(`${supabase.prefix}_books`);

  it('table', async () => expect(inShort(await supabase.anonymous.from('nowhere').select('id'))).toBe('404 PGRST205'));

  it('table to write to', async () => {
    expect(inShort(await supabase.anonymous.from('nowhere').insert({ id: 1 }))).toBe('404 PGRST205');
  });

  it('column to select', async () => expect(inShort(await books().select('nothing'))).toBe('400 42703'));

  it('column to filter by', async () => expect(inShort(await books().select('id').eq('nothing', 1))).toBe('400 42703'));

  it('column to order by', async () => expect(inShort(await books().select('id').order('nothing'))).toBe('400 42703'));

  it('column to insert', async () => expect(inShort(await books().insert({ id: 9, nothing: 1 }))).toBe('400 PGRST204'));

  it('column to update', async () => {
    expect(inShort(await books().update({ nothing: 1 }).eq('id', 1))).toBe('400 PGRST204');
  });

  it('operator', async () => {
    expect(inShort(await books().select('id').filter('id', 'nothing', 1))).toBe('400 PGRST100');
  });

  it('value of the type', async () => expect(inShort(await books().select('id').eq('id', 'one'))).toBe('400 22P02'));

  it('function for the type', async () => {
    expect(inShort(await books().select('id').like('pages', '1%'))).toBe('404 42883');
  });

  it('says what, in the words that supabase-js shows', async () => {
    const { error } = await supabase.anonymous.from('nowhere').select('id');
    expect(error).toMatchObject({ message: "Could not find the table 'public.nowhere' in the schema cache" });
  });
});

describe('REST: malformed requests', () => {
  it.each([
    ['select', 'books?select=id,(', 'GET', '400 PGRST100'],
    ['logic', 'books?or=(id.eq.1', 'GET', '400 PGRST100'],
    ['filter', 'books?id=1', 'GET', '400 PGRST100'],
    ['order', 'books?order=id.sideways', 'GET', '400 PGRST100'],
  ])('%s', async (_name, path, method, expected) => {
    const answer = await fetch(url(path), { method, headers: { apikey, 'accept-profile': 'public' } });
    const { code } = (await answer.json()) as { readonly code: string };
    expect(`${answer.status} ${code}`).toBe(expected);
  });

  it('body', async () => {
    const answer = await fetch(url('books'), {
      method: 'POST',
      headers: { apikey: supabase.settings.secretKey, 'content-type': 'application/json', 'content-profile': 'public' },
      body: '{"id": 9, ',
    });
    const { code } = (await answer.json()) as { readonly code: string };
    expect(`${answer.status} ${code}`).toBe('400 PGRST102');
  });
});
