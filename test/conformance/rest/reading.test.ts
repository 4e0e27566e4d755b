import { describe, expect, it } from '@jest/globals';
import { dataOf, inShort } from '../support/answers.ts';
import { expectedOf } from '../support/expected-of.ts';
import { useSupabase } from '../support/use-supabase.ts';
import { writeLibrary } from './library.ts';

const supabase = useSupabase(writeLibrary);
const books = () => supabase.anonymous.from(`${supabase.prefix}_books`);
const idsOf = (answer: { readonly data: readonly { readonly id: number }[] | null; readonly error: unknown }) =>
  dataOf(answer).map(({ id }) => id);

describe('REST: order and pages', () => {
  it('orders upwards, null last', async () => {
    expect(idsOf(await books().select('id').order('pages').order('id'))).toEqual([2, 1, 5, 3, 4]);
  });

  it('orders downwards, null first', async () => {
    expect(idsOf(await books().select('id').order('pages', { ascending: false }).order('id'))).toEqual([4, 3, 1, 5, 2]);
  });

  it('orders downwards, null last when asked', async () => {
    const answer = await books().select('id').order('pages', { ascending: false, nullsFirst: false }).order('id');
    expect(idsOf(answer)).toEqual([3, 1, 5, 2, 4]);
  });

  it('orders by a value inside json', async () => {
    // A json null is a value, and the smallest one.
    const answer = await books().select('id').order('facts->prints', { nullsFirst: false }).order('id').limit(3);
    expect(idsOf(answer)).toEqual([4, 1, 2]);
  });

  it('limits', async () => expect(idsOf(await books().select('id').order('id').limit(2))).toEqual([1, 2]));

  it('gives a range, both ends included', async () => {
    expect(idsOf(await books().select('id').order('id').range(1, 2))).toEqual([2, 3]);
  });

  it('gives nothing behind the end', async () => {
    expect(await books().select('id').order('id').range(5, 9)).toMatchObject({ status: 200, data: [] });
  });

  it('right at the end, when it has counted', async () => {
    expect(inShort(await books().select('id', { count: 'exact' }).range(5, 9))).toBe(expectedOf('count-right-at-end'));
  });

  it('refuses a range behind the end when it has counted', async () => {
    expect(inShort(await books().select('id', { count: 'exact' }).order('id').range(6, 9))).toBe('416 PGRST103');
  });

  it('gives no more rows than the maximum of the project', async () => {
    const answer = await supabase.service.from(`${supabase.prefix}_many`).select('n').order('n');
    expect(dataOf(answer)).toHaveLength(1000);
  });
});

describe('REST: counting', () => {
  it('counts all rows beside a page of them', async () => {
    const answer = await books().select('id', { count: 'exact' }).order('id').range(0, 1);
    expect(answer).toMatchObject({ status: 206, count: 5, data: [{ id: 1 }, { id: 2 }] });
  });

  it('counts what passes the filter', async () => {
    expect(await books().select('id', { count: 'exact' }).eq('pages', 120)).toMatchObject({ status: 200, count: 2 });
  });

  it('counts without rows', async () => {
    expect(await books().select('*', { count: 'exact', head: true })).toMatchObject({ count: 5, data: null, error: null });
  });

  it.each(['planned', 'estimated'] as const)('gives a number for %s', async (count) => {
    expect(typeof (await books().select('id', { count })).count).toBe('number');
  });

  it.each([
    ['', '0-4/*'],
    ['&limit=2', '0-1/*'],
    ['&offset=3', '3-4/*'],
    ['&id=eq.99', '*/*'],
  ])('says in the header what the page is: %s', async (query, range) => {
    const answer = await fetch(`${supabase.settings.url}/rest/v1/${supabase.prefix}_books?select=id&order=id${query}`, {
      headers: { apikey: supabase.settings.publishableKey, 'accept-profile': 'public' },
    });
    expect(answer.headers.get('content-range')).toBe(range);
  });
});

describe('REST: one row', () => {
  it('gives a single row as an object', async () => {
    expect(await books().select('id').eq('id', 1).single()).toMatchObject({ data: { id: 1 }, error: null });
  });

  it('refuses single when there is none', async () => {
    expect(inShort(await books().select('id').eq('id', 99).single())).toBe('406 PGRST116');
  });

  it('refuses single when there are several, and says how many', async () => {
    const answer = await books().select('id').eq('pages', 120).single();
    expect([inShort(answer), answer.error?.details]).toEqual(['406 PGRST116', 'The result contains 2 rows']);
  });

  it('gives null for maybeSingle when there is none', async () => {
    expect(await books().select('id').eq('id', 99).maybeSingle()).toMatchObject({ data: null, error: null });
  });

  it('refuses maybeSingle when there are several', async () => {
    expect((await books().select('id').eq('pages', 120).maybeSingle()).error?.code).toBe('PGRST116');
  });
});

describe('REST: columns', () => {
  const first = async (columns: string) => dataOf(await books().select(columns).eq('id', 1).single());

  it('gives the columns that are asked for', async () => {
    expect(await first('title, pages')).toEqual({ title: 'Engines', pages: 120 });
  });

  it('gives columns other names', async () => expect(await first('name:title')).toEqual({ name: 'Engines' }));

  it('casts', async () => expect(await first('pages::text')).toEqual({ pages: '120' }));

  it('gives values inside json, under their own names', async () => {
    expect(await first('facts->>lang, facts->where, shelf:facts->where->>shelf')).toEqual({
      lang: 'en',
      where: { shelf: 'A' },
      shelf: 'A',
    });
  });

  it('gives elements of arrays', async () => expect(await first('tag:tags->1')).toEqual({ tag: 'machines' }));

  it('gives everything for a star', async () => {
    expect(Object.keys(await first('*')).toSorted()).toEqual(
      ['id', 'author_id', 'title', 'pages', 'price', 'tags', 'facts', 'is_sold', 'printed_on'].toSorted(),
    );
  });

  it('gives comma-separated values', async () => {
    const csv = dataOf(await books().select('id,title').eq('id', 2).csv());
    expect(csv.trimEnd()).toBe('id,title\n2,"Notes, and more"');
  });
});
