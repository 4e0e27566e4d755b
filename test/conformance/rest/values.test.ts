import { describe, expect, it } from '@jest/globals';
import { dataOf, inShort } from '../support/answers.ts';
import { expectedOf } from '../support/expected-of.ts';
import { useSupabase } from '../support/use-supabase.ts';

const COLUMNS = {
  whole: 'int',
  large: 'bigint',
  exact: 'numeric',
  approximate: 'double precision',
  yes: 'boolean',
  words: 'text',
  fixed: 'char(4)',
  key: 'uuid',
  instant: 'timestamptz',
  local_time: 'timestamp',
  day: 'date',
  clock: 'time',
  span: 'interval',
  bytes: 'bytea',
  object: 'jsonb',
  plain_object: 'json',
  list: 'text[]',
  numbers: 'int[]',
  grid: 'int[]',
  between: 'int4range',
  '"Odd Name"': 'text',
} as const;

const supabase = useSupabase((p) => ({
  create: `create table public.${p}_values (id int primary key generated always as identity,
    ${Object.entries(COLUMNS)
      .map(([name, type]) => `${name} ${type}`)
      .join(', ')})`,
  grant: `grant select, insert on public.${p}_values to service_role`,
}));
const values = () => supabase.service.from(`${supabase.prefix}_values`);

/** Writes one value through the Data API, and reads it through the Data API. */
const roundTrip = async (column: string, value: unknown): Promise<unknown> => {
  const { id } = dataOf(
    await values()
      .insert({ [column.replaceAll('"', '')]: value })
      .select('id')
      .single(),
  );
  const row: { readonly value: unknown } = dataOf(await values().select(`value:${column}`).eq('id', id).single());
  return row.value;
};

/** What stands in the answer before JSON.parse; the value is written by SQL. */
const rawText = async (column: string, sql: string): Promise<string> => {
  const { rows } = await supabase.owner.query<{ id: number }>(
    `insert into public.${supabase.prefix}_values (${column}) values (${sql}) returning id`,
  );
  const answer = await fetch(
    `${supabase.settings.url}/rest/v1/${supabase.prefix}_values?select=value:${column}&id=eq.${rows[0]?.id}`,
    { headers: { apikey: supabase.settings.secretKey, 'accept-profile': 'public' } },
  );
  return answer.text();
};

describe('REST: values come back as they were sent', () => {
  it.each<readonly [string, keyof typeof COLUMNS, unknown]>([
    ['zero', 'whole', 0],
    ['a negative number', 'whole', -2_147_483_648],
    ['the largest safe integer', 'large', Number.MAX_SAFE_INTEGER],
    ['a decimal number', 'exact', 12.34],
    ['a tiny number', 'approximate', 1e-12],
    ['true', 'yes', true],
    ['false', 'yes', false],
    ['null', 'words', null],
    ['an empty text', 'words', ''],
    ['the text null', 'words', 'null'],
    ['emoji, accents, right-to-left, zero-width', 'words', '👩‍💻 é e\u0301 مرحبا \u200b 𝒳'],
    ['quotes, backslashes, line breaks', 'words', `"'\\ \n\r\t \u2028 ; -- $1 %`],
    ['a text of a megabyte', 'words', 'x'.repeat(1_000_000)],
    ['a uuid', 'key', '01890a5d-ac96-774b-bcce-b302099a8057'],
    ['a date', 'day', '2026-02-28'],
    ['a time', 'clock', '23:59:59.5'],
    ['an object', 'object', { a: { b: [1, 2.5, 'ü', null, true] }, '': {} }],
    ['an empty object', 'object', {}],
    ['an empty list as json', 'object', []],
    ['a list as json', 'object', [1, [2, { three: 3 }]]],
    ['json that is kept as text', 'plain_object', { b: 1, a: 2 }],
    ['a list', 'list', ['a', 'b,c', '{"}', '', 'null', 'ü']],
    ['an empty list', 'list', []],
    ['a list of numbers', 'numbers', [1, -2, 3]],
    [
      'a list of lists',
      'grid',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ['a range', 'between', '[1,5)'],
    ['a column with capitals and a space', '"Odd Name"', 'x'],
  ])('%s', async (_name, column, value) => expect(await roundTrip(column, value)).toEqual(value));

  it('a number as json', async () => expect(await roundTrip('object', 5)).toBe(5));

  it('a text as json', async () => {
    expect(inShort(await values().insert({ object: 'text' }))).toBe(expectedOf('json-text-value'));
  });

  it('a list with a null', async () => {
    expect(await roundTrip('list', ['a', null])).toEqual(expectedOf('null-in-list'));
  });

  it('null as json is null of SQL', async () => {
    const answer = await values().insert({ object: null, words: 'json null' }).select('id').single();
    const { id } = dataOf(answer);
    expect(dataOf(await values().select('id').is('object', null).eq('id', id))).toEqual([{ id }]);
  });

  it('binary data', async () => expect(await roundTrip('bytes', '\\x00ff10')).toEqual(expectedOf('bytes')));

  it('a text with the character zero is refused', async () => {
    expect(inShort(await values().insert({ words: 'a\u0000b' }))).toBe(expectedOf('character-zero'));
  });
});

describe('REST: how values are written', () => {
  it.each<readonly [string, string, string, string]>([
    ['padded text', 'fixed', "'ab'", '"ab  "'],
    ['interval', 'span', "'1 day 2 hours'", '"1 day 02:00:00"'],
    ['whole float', 'approximate', '3', '3'],
    ['exact number', 'exact', '1.5', '1.5'],
  ])('%s', async (_name, column, sql, text) => expect(await rawText(column, sql)).toBe(`[{"value":${text}}]`));

  it.each<readonly [Parameters<typeof expectedOf>[0], string, string]>([
    ['timestamptz', 'instant', "'2026-11-20T23:34:33.801+02:00'"],
    ['timestamptz-whole-second', 'instant', "'2026-11-20T23:34:33Z'"],
    ['timestamp', 'local_time', "'2026-11-20 23:34:33.801'"],
    ['not-a-number', 'approximate', "'NaN'"],
    ['large-integer', 'large', '9007199254740993'],
    ['many-digits', 'exact', '12345678901234567890.123456789'],
    ['zeros-at-end', 'exact', '1.50'],
  ])('%s', async (name, column, sql) => expect(await rawText(column, sql)).toBe(`[{"value":${String(expectedOf(name))}}]`));

  it('an instant names the same moment for new Date()', async () => {
    const sent = '2026-11-20T23:34:33.801+02:00';
    expect(new Date(String(await roundTrip('instant', sent))).toISOString()).toBe(new Date(sent).toISOString());
  });

  it('instants can be compared in filters in the form of toISOString()', async () => {
    const at = new Date('2031-01-02T03:04:05.678Z').toISOString();
    await roundTrip('instant', at);
    expect(dataOf(await values().select('id').eq('instant', at))).toHaveLength(1);
    expect(dataOf(await values().select('id').gt('instant', at))).toHaveLength(0);
  });

  it('a large integer is exact when it is cast to text', async () => {
    const { rows } = await supabase.owner.query<{ id: number }>(
      `insert into public.${supabase.prefix}_values (large) values (9007199254740993) returning id`,
    );
    expect(dataOf(await values().select('large::text').eq('id', rows[0]?.id).single())).toEqual({ large: '9007199254740993' });
  });

  it('a large integer that was sent as a text', async () => {
    const { id } = dataOf(await values().insert({ large: '9007199254740995' }).select('id').single());
    const row: { readonly large: string } = dataOf(await values().select('large::text').eq('id', id).single());
    expect(row.large).toBe(expectedOf('large-integer-sent'));
  });

  it('a large integer in a filter', async () => {
    await supabase.owner.query(
      `insert into public.${supabase.prefix}_values (large) values (18014398509481986), (18014398509481987), (18014398509481988)`,
    );
    const answer = await values().select('large::text').eq('large', '18014398509481987');
    expect(dataOf(answer)).toEqual([{ large: expectedOf('large-integer-in-filter') }]);
  });
});
