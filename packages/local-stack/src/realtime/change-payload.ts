import type { Operation } from './bindings.ts';
import type { Column, Table } from './tables.ts';
import type { ApiRole } from './tokens.ts';

/** JSON text of each column's value. */
export type Image = Readonly<Record<string, string>>;

export interface Change {
  readonly entity: number;
  readonly operation: Operation;
  /** Null when the row was deleted. */
  readonly record: Image | null;
  /** Null when the row is new. */
  readonly oldRecord: Image | null;
  readonly committedAt: string;
  /** Its long values have been left out. */
  readonly isTooLarge: boolean;
}

export interface Reader {
  readonly role: ApiRole;
  /** Undefined: all columns that he may read. */
  readonly select: readonly string[] | undefined;
}

/** What keeps everybody of a role from getting a change, in the real server's words; undefined: nothing. */
export const findRefusal = (table: Table, { operation }: Change, role: ApiRole): string | undefined => {
  if (operation === 'DELETE') return undefined;
  const keys = table.columns.filter((column) => column.isKey);
  if (keys.length === 0) return 'Error 400: Bad Request, no primary key';
  return keys.every((key) => key.readers.includes(role)) ? undefined : 'Error 401: Unauthorized';
};

/** JSON text of a change, as this reader may see it. */
export const renderChange = (table: Table, change: Change, { role, select }: Reader): string => {
  const columns = table.columns.filter(
    ({ name, isKey, readers }) => readers.includes(role) && (select === undefined || isKey || select.includes(name)),
  );
  return join({
    ...renderHead(table, change, change.isTooLarge ? 'Error 413: Payload Too Large' : undefined),
    columns: JSON.stringify(columns.map(({ name, type }) => ({ name, type }))),
    ...(change.record === null ? {} : { record: pick(change.record, columns) }),
    ...(change.oldRecord === null ? {} : { old_record: pick(change.oldRecord, columns.filter(isKnownBefore(table, change))) }),
  });
};

/** JSON text of the notice that there was a change which this role does not get. */
export const renderRefusal = (table: Table, change: Change, refusal: string): string =>
  join({
    ...renderHead(table, change, refusal),
    columns: '[]',
    record: '{}',
    ...(change.oldRecord === null ? {} : { old_record: '{}' }),
  });

const renderHead = ({ schema, name }: Table, change: Change, error: string | undefined): Readonly<Record<string, string>> => ({
  schema: JSON.stringify(schema),
  table: JSON.stringify(name),
  commit_timestamp: JSON.stringify(change.committedAt),
  type: JSON.stringify(change.operation),
  errors: JSON.stringify(error === undefined ? null : [error]),
});

/** Policies cannot be asked about a row that is gone: of a table that has them, its key is all that is told. */
const isKnownBefore =
  ({ hasRls }: Table, { operation }: Change) =>
  ({ isKey, isIdentity }: Column): boolean =>
    isIdentity && (operation !== 'DELETE' || !hasRls || isKey);

const pick = (image: Image, columns: readonly Column[]): string =>
  join(Object.fromEntries(columns.flatMap(({ name }) => (Object.hasOwn(image, name) ? [[name, image[name] ?? 'null']] : []))));

const join = (fields: Readonly<Record<string, string>>): string =>
  `{${Object.entries(fields)
    .map(([name, json]) => `${JSON.stringify(name)}:${json}`)
    .join(',')}}`;
