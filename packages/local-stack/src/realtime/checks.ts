import type { Condition } from './filters.ts';
import { conditionSql } from './filters.ts';
import type { Table } from './tables.ts';

/** A statement for `realtime.check_changes`: which of the rows does the caller see, and which filters do they pass? */
export interface Check {
  readonly sql: string;
  /** The columns that each row has to bring, in the order of `c0`, `c1` … */
  readonly columns: readonly string[];
  readonly values: readonly string[];
}

export interface CheckQuestion {
  readonly table: Table;
  readonly filters: readonly (readonly Condition[])[];
  /** Whether the table's own policies decide too. */
  readonly looksUpRows: boolean;
}

export const buildCheck = ({ table, filters, looksUpRows }: CheckQuestion): Check => {
  const keys = table.columns.filter((column) => column.isKey);
  const used = new Set([...(looksUpRows ? keys.map((key) => key.name) : []), ...filters.flat().map(({ column }) => column)]);
  const columns = table.columns.filter((column) => used.has(column.name));
  const termOf = new Map(columns.map((column, index) => [column.name, { column: `r.c${index}`, type: column.sqlType }]));
  const values: string[] = [];
  const conditionTerm = (condition: Condition): string => {
    const term = termOf.get(condition.column);
    if (term === undefined) return 'false';
    values.push(condition.value);
    return conditionSql(condition, { ...term, value: `($2)[${values.length}]` });
  };
  const passed = filters.map((filter, index) => {
    const terms = filter.map((condition) => `(${conditionTerm(condition)})`);
    return `case when ${['true', ...terms].join(' and ')} then ${index} end`;
  });
  const definition = ['n integer', 'gone boolean', ...columns.map((column, index) => `c${index} ${column.sqlType}`)].join(', ');
  const isSameRow = keys.map((key) => `t.${quoteName(key.name)} = ${termOf.get(key.name)?.column ?? 'null'}`).join(' and ');
  const where = looksUpRows ? ` where r.gone or exists (select from ${table.sqlName} t where ${isSameRow})` : '';
  return {
    sql: `select r.n, array_remove(array[${passed.join(', ')}]::integer[], null) from jsonb_to_recordset($1) as r(${definition})${where}`,
    columns: columns.map((column) => column.name),
    values,
  };
};

const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
