import { createHash } from 'node:crypto';
import { isRecord } from '../private-file.ts';
import { parseFilter, type Condition } from './filters.ts';

export type Operation = 'INSERT' | 'UPDATE' | 'DELETE';

/** What a client asks of postgres_changes. */
export interface Binding {
  /** The same for the same wish; clients are told of changes by it. */
  readonly id: number;
  readonly event: Operation | '*';
  readonly schema: string;
  readonly table: string;
  readonly conditions: readonly Condition[];
  /** Undefined: all columns that may be read. */
  readonly select: readonly string[] | undefined;
}

export type ParsedBinding = { readonly binding: Binding } | { readonly problem: string };

/** The wish with its id, as the join is answered: clients compare the rest with what they sent. */
export const echoBinding = (wish: unknown): Readonly<Record<string, unknown>> => ({
  ...(isRecord(wish) ? wish : {}),
  id: bindingId(wish),
});

export const parseBinding = (wish: unknown): ParsedBinding => {
  if (!isRecord(wish)) return { problem: 'A binding to postgres_changes is not an object' };
  const { event, schema, table, filter, select } = wish;
  if (schema === undefined && table === undefined)
    return { problem: 'No subscription params provided. Please provide at least a `schema` or `table` to subscribe to' };
  const names = { schema: schema ?? 'public', table: table ?? '*' };
  if (typeof names.schema !== 'string' || typeof names.table !== 'string')
    return { problem: '`schema` and `table` of a subscription are not text' };
  if (filter !== undefined && filter !== null && typeof filter !== 'string')
    return { problem: 'Error parsing `filter` params: expected text' };
  const parsed = parseFilter(filter ?? '');
  if ('problem' in parsed) return parsed;
  const columns = parseSelect(select);
  if (columns === 'malformed')
    return { problem: 'Error parsing `select` params: expected a list of column name strings, e.g. select: ["col1", "col2"]' };
  if (columns !== undefined && (names.schema === '*' || names.table === '*'))
    return {
      problem: 'Column selection is not supported for wildcard subscriptions. Provide an explicit schema and table name.',
    };
  const conditions = parsed.conditions;
  return {
    binding: {
      id: bindingId(wish),
      event: readEvent(event),
      schema: names.schema,
      table: names.table,
      conditions,
      select: columns,
    },
  };
};

/** As the real server's messages name what could not be subscribed to. */
export const describeBinding = ({ event, schema, table, conditions }: Binding): string => {
  const filters = conditions.map(({ column, operator, value, isNegated }) =>
    [column, operator, value, isNegated].map((part) => JSON.stringify(part)).join(', '),
  );
  return `[event: ${event}, schema: ${schema}, table: ${table}, filters: [${filters.map((filter) => `{${filter}}`).join(', ')}]]`;
};

const bindingId = (wish: unknown): number =>
  // Small enough for every client's integers, and never zero.
  (createHash('sha256').update(JSON.stringify(wish)).digest().readUInt32BE() % 134_217_727) + 1;

const readEvent = (event: unknown): Binding['event'] => {
  const word = typeof event === 'string' ? event.toUpperCase() : '*';
  return word === 'INSERT' || word === 'UPDATE' || word === 'DELETE' ? word : '*';
};

const parseSelect = (select: unknown): readonly string[] | undefined | 'malformed' => {
  if (select === undefined || select === null) return undefined;
  if (!Array.isArray(select)) return 'malformed';
  const columns = (select as readonly unknown[]).filter((column) => typeof column === 'string');
  return columns.length === 0 ? undefined : columns;
};
