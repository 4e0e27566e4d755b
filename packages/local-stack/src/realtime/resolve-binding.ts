import { describeError } from '../stack-error.ts';
import { describeBinding, type Binding } from './bindings.ts';
import { buildCheck } from './checks.ts';
import { isStatementError, type Database } from './database.ts';
import { findConditionProblem } from './filters.ts';
import type { Table, Tables } from './tables.ts';
import type { Identity } from './tokens.ts';

export interface ResolveBindingPorts {
  readonly database: Pick<Database, 'query'>;
  readonly tables: Tables;
}

/** The tables that a binding is about; or why the caller may not have it, in the real server's words. */
export const resolveBinding = async (
  { database, tables }: ResolveBindingPorts,
  binding: Binding,
  identity: Identity,
): Promise<readonly number[] | { readonly problem: string }> => {
  const refuse = (text: string): { readonly problem: string } => ({
    problem: `Unable to subscribe to changes with given parameters. ${text}`,
  });
  const wish = describeBinding(binding);
  const entities = await tables.findPublished(binding.schema, binding.table);
  if (entities.length === 0) return refuse(`Please check Realtime is enabled for the given connect parameters: ${wish}`);
  for (const table of (await tables.describe(entities)).values()) {
    const problem =
      findColumnProblem(binding, table, identity) ?? (await findValueProblem(database, { binding, table, identity }));
    if (problem !== undefined)
      return refuse(`An exception happened so please check your connect parameters: ${wish}. Exception: ERROR ${problem}`);
  }
  return entities;
};

const MAX_IN_VALUES = 100;
const TEXT_TYPES = ['text', 'varchar', 'bpchar', 'name', 'citext'];

const findColumnProblem = ({ conditions, select }: Binding, table: Table, { role }: Identity): string | undefined => {
  const readable = new Map(table.columns.filter(({ readers }) => readers.includes(role)).map((column) => [column.name, column]));
  for (const condition of conditions) {
    const column = readable.get(condition.column);
    if (column === undefined) return `invalid column for filter ${condition.column}`;
    const problem = findConditionProblem(condition, column.type);
    if (problem !== undefined) return problem;
    if (condition.operator === 'in' && condition.value.split(',').length > MAX_IN_VALUES)
      return `too many values for \`in\` filter. Maximum ${MAX_IN_VALUES}`;
  }
  const missing = select?.find((name) => !readable.has(name));
  return missing === undefined ? undefined : `invalid column for select ${missing}`;
};

interface ValueQuestion {
  readonly binding: Binding;
  readonly table: Table;
  readonly identity: Identity;
}

/** Lets the database read the values, so that nothing of them can fail later. */
const findValueProblem = async (
  { query }: Pick<Database, 'query'>,
  { binding, table, identity: { role, claims } }: ValueQuestion,
): Promise<string | undefined> => {
  if (binding.conditions.length === 0) return undefined;
  const check = buildCheck({ table, filters: [binding.conditions], looksUpRows: false });
  const row = { n: 0, ...Object.fromEntries(check.columns.map((name, index) => [`c${index}`, sampleOf(table, name)])) };
  const checks = JSON.stringify([{ sql: check.sql, rows: [row], values: check.values }]);
  try {
    await query('select from realtime.check_changes($1, $2, $3)', [role, claims, checks]);
    return undefined;
  } catch (error) {
    if (isStatementError(error)) return describeError(error);
    throw error;
  }
};

/** Text lets the database try a pattern; null is enough to read a value of any other type. */
const sampleOf = (table: Table, name: string): string | null =>
  TEXT_TYPES.includes(table.columns.find((column) => column.name === name)?.type ?? '') ? '' : null;
