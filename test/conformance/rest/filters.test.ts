import { describe, expect, it } from '@jest/globals';
import { useSupabase } from '../support/use-supabase.ts';
import { writeLibrary } from './library.ts';

const supabase = useSupabase(writeLibrary);
const books = () => supabase.anonymous.from(`${supabase.prefix}_books`).select('id').order('id');
type Books = ReturnType<typeof books>;

/** Name of the case, the filter, ids of the books that pass it. */
type Case = readonly [string, (query: Books) => Books, readonly number[]];

const COMPARISONS: readonly Case[] = [
  ['eq', (query) => query.eq('pages', 120), [1, 5]],
  ['eq with a text that holds commas', (query) => query.eq('title', 'Notes, and more'), [2]],
  ['eq with a text that holds quotes', (query) => query.eq('title', '100% "quoted"'), [4]],
  ['eq with umlauts and parentheses', (query) => query.eq('title', 'Über (Wolken)'), [3]],
  ['eq with a decimal number', (query) => query.eq('price', 12.5), [1, 5]],
  ['eq with a date', (query) => query.eq('printed_on', '2025-06-15'), [2, 4]],
  ['neq, which passes over null', (query) => query.neq('pages', 120), [2, 3]],
  ['gt', (query) => query.gt('pages', 120), [3]],
  ['gte', (query) => query.gte('pages', 120), [1, 3, 5]],
  ['lt', (query) => query.lt('pages', 120), [2]],
  ['lte', (query) => query.lte('pages', 120), [1, 2, 5]],
  ['two filters at once', (query) => query.gte('pages', 100).lt('pages', 200), [1, 5]],
  ['in', (query) => query.in('id', [1, 3, 9]), [1, 3]],
  ['in with texts that hold commas, quotes and parentheses', (query) => query.in('title', TITLES), [2, 3, 4]],
  ['in with nothing', (query) => query.in('id', []), []],
  ['is null', (query) => query.is('pages', null), [4]],
  ['is true', (query) => query.is('is_sold', true), [1, 4]],
  ['is false', (query) => query.is('is_sold', false), [2, 5]],
  ['isDistinct, which takes null as a value', (query) => query.isDistinct('pages', 120), [2, 3, 4]],
  ['match', (query) => query.match({ pages: 120, is_sold: false }), [5]],
];
const TITLES = ['Notes, and more', 'Über (Wolken)', '100% "quoted"'];

const TEXTS: readonly Case[] = [
  ['like', (query) => query.like('title', '%no%'), []],
  ['like with a prefix', (query) => query.like('title', 'No%'), [2]],
  ['like with a star for a percent sign', (query) => query.like('title', 'No*'), [2]],
  ['like with an escaped wildcard', (query) => query.like('title', '%under\\_%'), [5]],
  ['ilike', (query) => query.ilike('title', '%NO%'), [2]],
  ['ilike with umlauts', (query) => query.ilike('title', 'üBER%'), [3]],
  ['likeAllOf', (query) => query.likeAllOf('title', ['%o%', '%m%']), [2]],
  ['likeAnyOf', (query) => query.likeAnyOf('title', ['En%', 'un%']), [1, 5]],
  ['ilikeAllOf', (query) => query.ilikeAllOf('title', ['%O%', '%M%']), [2]],
  ['ilikeAnyOf', (query) => query.ilikeAnyOf('title', ['EN%', 'UN%']), [1, 5]],
  ['match by a regular expression', (query) => query.regexMatch('title', '^[A-Z]'), [1, 2]],
  ['imatch by a regular expression', (query) => query.regexIMatch('title', '^NOTES'), [2]],
];

const COMBINATIONS: readonly Case[] = [
  ['or', (query) => query.or('pages.eq.300,is_sold.is.true'), [1, 3, 4]],
  ['or beside another filter', (query) => query.or('pages.eq.300,is_sold.is.true').gt('id', 1), [3, 4]],
  ['and inside or', (query) => query.or('id.eq.3,and(pages.eq.120,is_sold.is.false)'), [3, 5]],
  ['not inside or', (query) => query.or('id.eq.3,not.and(pages.gte.300,id.lt.9)'), [1, 2, 3, 5]],
  ['or with a quoted value', (query) => query.or('title.eq."Notes, and more",id.eq.5'), [2, 5]],
  ['or with a list', (query) => query.or('id.in.(1,2),pages.is.null'), [1, 2, 4]],
  ['not eq', (query) => query.not('pages', 'eq', 120), [2, 3]],
  ['not is null', (query) => query.not('pages', 'is', null), [1, 2, 3, 5]],
  ['not in', (query) => query.not('id', 'in', '(1,2,3)'), [4, 5]],
  ['not like', (query) => query.not('title', 'like', '%n%'), [4]],
  ['filter by the name of the operator', (query) => query.filter('pages', 'gte', 120), [1, 3, 5]],
];

const CONTAINERS: readonly Case[] = [
  ['array contains', (query) => query.contains('tags', ['machines']), [1, 5]],
  ['array contains all of several', (query) => query.contains('tags', ['machines', 'logic']), [1]],
  ['array is contained by', (query) => query.containedBy('tags', ['logic', 'weather']), [2, 3, 4]],
  ['arrays overlap', (query) => query.overlaps('tags', ['logic', 'weather']), [1, 2, 3, 5]],
  ['json contains', (query) => query.contains('facts', { lang: 'en' }), [1, 2]],
  ['json contains a nested object', (query) => query.contains('facts', { where: { shelf: 'A' } }), [1]],
  ['json value as text', (query) => query.eq('facts->>lang', 'de'), [3, 4]],
  ['json value as json', (query) => query.gt('facts->prints', 3), [2]],
  ['json path', (query) => query.eq('facts->where->>shelf', 'A'), [1]],
  ['json value is null or absent', (query) => query.is('facts->>prints', null), [3, 4, 5]],
];

const select = async (narrow: Case[1]) => {
  const { data, error } = await narrow(books());
  return error === null ? data.map(({ id }: { readonly id: number }) => id) : `${error.code} ${error.message}`;
};

describe('REST: comparisons', () => {
  it.each(COMPARISONS)('%s', async (_name, narrow, ids) => expect(await select(narrow)).toEqual(ids));
});

describe('REST: text patterns', () => {
  it.each(TEXTS)('%s', async (_name, narrow, ids) => expect(await select(narrow)).toEqual(ids));
});

describe('REST: combined filters', () => {
  it.each(COMBINATIONS)('%s', async (_name, narrow, ids) => expect(await select(narrow)).toEqual(ids));
});

describe('REST: arrays and json', () => {
  it.each(CONTAINERS)('%s', async (_name, narrow, ids) => expect(await select(narrow)).toEqual(ids));
});
