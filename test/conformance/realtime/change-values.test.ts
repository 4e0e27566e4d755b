import { beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually.ts';
import { listen, makeTopic } from '../support/listen.ts';
import { useSupabase } from '../support/use-supabase.ts';

/** Name of the column, its type, the value in SQL, and what a listener gets. */
const COLUMNS: readonly (readonly [string, string, string, unknown])[] = [
  ['small', 'smallint', '-7', -7],
  ['whole', 'int', '2147483647', 2_147_483_647],
  ['large', 'bigint', '9007199254740991', Number.MAX_SAFE_INTEGER],
  ['exact', 'numeric(8, 2)', '12.50', 12.5],
  ['approximate', 'double precision', '0.1', 0.1],
  ['yes', 'boolean', 'true', true],
  ['words', 'text', `E'é 👩‍💻 "\\'\\\\ \\n مرحبا'`, `é 👩‍💻 "'\\ \n مرحبا`],
  ['nothing', 'text', 'null', null],
  ['short', 'varchar(10)', `'abc'`, 'abc'],
  ['key', 'uuid', `'01890a5d-ac96-774b-bcce-b302099a8057'`, '01890a5d-ac96-774b-bcce-b302099a8057'],
  ['day', 'date', `'2026-02-28'`, '2026-02-28'],
  ['clock', 'time', `'23:59:59'`, '23:59:59'],
  ['instant', 'timestamptz', `'2026-11-20T23:34:33.801+02:00'`, '2026-11-20T21:34:33.801+00:00'],
  ['local_time', 'timestamp', `'2026-11-20 23:34:33.801'`, '2026-11-20T23:34:33.801'],
  ['span', 'interval', `'1 day 2 hours'`, '1 day 02:00:00'],
  ['object', 'jsonb', `'{"a": [1, null, "ü"], "b": {}}'`, { a: [1, null, 'ü'], b: {} }],
  ['json_null', 'jsonb', `'null'`, null],
  ['plain', 'json', `'{"b": 1, "a": 2}'`, { b: 1, a: 2 }],
  ['list', 'text[]', `array['a', 'b,c', '"', null]`, ['a', 'b,c', '"', null]],
  ['numbers', 'int[]', `'{1,2}'`, [1, 2]],
  ['empty_list', 'text[]', `'{}'`, []],
  ['mood', 'mood', `'happy'`, 'happy'],
];

const supabase = useSupabase((p) => ({
  create: `
    create domain public.${p}_mood as text check (value in ('happy', 'sad'));
    create table public.${p}_values (id int primary key, ${COLUMNS.map(([name, type]) => `${name} ${type === 'mood' ? `public.${p}_mood` : type}`).join(', ')})`,
  grant: `grant select on public.${p}_values to anon; alter publication supabase_realtime add table public.${p}_values`,
}));
let row: Readonly<Record<string, unknown>> = {};

beforeAll(async () => {
  const listener = await listen(supabase.anonymous, makeTopic(supabase.prefix), {
    changes: [{ table: `${supabase.prefix}_values` }],
  });
  await supabase.owner.query(
    `insert into public.${supabase.prefix}_values (id, ${COLUMNS.map(([name]) => name).join(', ')}) values (1, ${COLUMNS.map(([, , value]) => value).join(', ')})`,
  );
  row = await eventually(() => {
    const [change] = listener.changes[0] ?? [];
    if (change === undefined) throw new Error('no change came');
    return change.new;
  });
});

describe('Realtime: values in a change', () => {
  it.each(COLUMNS.map(([name, type, , value]) => [type, name, value] as const))('%s', (_type, name, value) => {
    expect(row[name]).toEqual(value);
  });
});
