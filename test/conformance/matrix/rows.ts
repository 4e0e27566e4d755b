import type pg from 'pg';
import { eventually } from '../../support/eventually.ts';
import { refusedAs } from '../../support/refusals.ts';
import type { TableExpectation } from './expectations.ts';
import type { World } from './world.ts';

export type Row = Readonly<Record<string, unknown>>;
/** Rows, or the code of the refusal. */
export type Answer = readonly unknown[] | string;

/** Rows of a table as the role of this session sees them. */
export const readDirectly = async (client: pg.ClientBase, table: string): Promise<readonly Row[]> => {
  await client.query("set local timezone = 'UTC'");
  const { rows } = await client.query<{ row: Row }>(`select to_jsonb(t) as row from durabase.${table} t`);
  return rows.map(({ row }) => row);
};

/** What direct SQL answers: rows, or the code of the refusal. */
export const answerOf = (reading: Promise<readonly unknown[]>): Promise<Answer> =>
  reading.then(
    (rows) => rows,
    (error: unknown) => refusedAs(Promise.reject(error)),
  );

/** Rows as texts that can be compared, whoever wrote their timestamps and the keys of their objects down. */
export const toTexts = (rows: readonly unknown[]): readonly string[] =>
  rows.map((row) => JSON.stringify(normalize(row))).toSorted();

const normalize = (value: unknown): unknown => {
  if (typeof value === 'string') return /^\d{4}-\d\d-\d\d[ T]\d\d:/.test(value) ? toInstant(value) : value;
  if (Array.isArray(value)) return value.map(normalize);
  if (typeof value !== 'object' || value === null) return value ?? null;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, inner]) => [name, normalize(inner)]),
  );
};

const toInstant = (text: string): string =>
  text
    .replace(' ', 'T')
    .replace(/\+00(:00)?$/, 'Z')
    .replace(/\.(\d*?)0*Z$/, '.$1Z')
    .replace('.Z', 'Z');

/**
 * Other tests sign users up meanwhile: what is read twice directly, with the other way between, must be the same both times.
 * Rows become texts; a refusal stays what it is.
 */
export const readBothWays = (readDirectly: () => Promise<Answer>, readOtherwise: () => Promise<Answer>) =>
  eventually(async () => {
    const toComparable = (answer: Answer) => (typeof answer === 'string' ? answer : toTexts(answer));
    const [before, seen, reference] = [await readDirectly(), await readOtherwise(), await readDirectly()].map(toComparable);
    if (JSON.stringify(before) !== JSON.stringify(reference)) throw new Error('somebody else changed it meanwhile');
    return { seen, reference };
  });

/** Things of the world that rows belong to. Rows of other tests, and of workspaces that a sign-up made, belong to nothing. */
export const namesOf = (rows: readonly Row[], { key }: TableExpectation, { names, idOf }: World): readonly string[] => {
  const workspaces: readonly unknown[] = [idOf('acme'), idOf('other')];
  const found = rows
    .filter((row) => !('workspace_id' in row) || workspaces.includes(row['workspace_id']))
    .map((row) => (key === 'only_row' ? 'settings' : names.get(String(row[key]))));
  return [...new Set(found.filter((name) => name !== undefined))].toSorted();
};
