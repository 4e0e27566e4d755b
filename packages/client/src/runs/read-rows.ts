import type { Json } from '@durabase/contracts/json';
import type { Run, RunEvent } from '@durabase/contracts/api/run';
import { unescapeResult } from './unescape.ts';

/** A row as the Data API gives it. */
export type Row = Readonly<Record<string, Json>>;

/** Columns whose content an action gave. */
const RESULTS: readonly string[] = ['output', 'output_ref', 'error', 'data'];
/** Columns that have another name outside. */
const RENAMED: Readonly<Record<string, string>> = { event_seq: 'lastEventSeq' };
/** Columns that are of no use outside. */
const HIDDEN: readonly string[] = ['authority', 'end_user_kind'];

const toName = (column: string): string =>
  RENAMED[column] ?? column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** A timestamp in the one form that the API uses: UTC, milliseconds. */
const toMoment = (value: Json): Json => (typeof value === 'string' ? new Date(value).toISOString() : value);

const toValue = (column: string, value: Json): Json => {
  if (column === 'at' || column.endsWith('_at')) return toMoment(value);
  return RESULTS.includes(column) ? unescapeResult(value) : value;
};

export const readColumns = (row: Row, columns: readonly string[]): Readonly<Record<string, Json>> =>
  Object.fromEntries(columns.map((column) => [toName(column), toValue(column, row[column] ?? null)]));

const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The rows in an answer: functions that return one row may give it alone. */
export const rowsOf = (data: unknown): readonly Row[] => (Array.isArray(data) ? data : [data]).filter(isRow);

/** The text in a column; empty where there is none. */
export const textOf = (row: Row, column: string): string => {
  const value = row[column];
  return typeof value === 'string' ? value : '';
};

/** All columns of something that somebody did; who did it stands under `actor`. */
export const readActed = (row: Row): Readonly<Record<string, Json>> => {
  const { actor_kind: kind = null, actor_user_id: userId = null, actor_name: name = null, ...own } = row;
  const columns = Object.keys(own).filter((column) => !HIDDEN.includes(column));
  return { ...readColumns(own, columns), actor: { kind, userId, name } };
};

/** A run out of its row. */
export const readRun = (row: Row): Run => readActed(row) as unknown as Run;

const EVENT_COLUMNS = ['seq', 'at', 'kind', 'state', 'step_id', 'iteration', 'attempt', 'data'];

/** A line of a run's feed out of its row. */
export const readEvent = (row: Row): RunEvent => readColumns(row, EVENT_COLUMNS) as unknown as RunEvent;
