import type pg from 'pg';

type Client = pg.Pool | pg.ClientBase;
export type Args = Readonly<Record<string, unknown>>;

/** Calls a function by the names of its arguments; objects and arrays travel as JSON unless they hold text only. */
export const callRows = async <Row extends pg.QueryResultRow>(client: Client, name: string, args: Args = {}): Promise<Row[]> => {
  const names = Object.keys(args);
  const list = names.map((argument, index) => `${argument} => $${index + 1}`).join(', ');
  const { rows } = await client.query<Row>(`select * from ${name}(${list})`, Object.values(args).map(toParameter));
  return rows;
};

/** The single row that a function returns. */
export const callRow = async <Row extends pg.QueryResultRow>(client: Client, name: string, args: Args = {}): Promise<Row> => {
  const [row] = await callRows<Row>(client, name, args);
  if (row === undefined) throw new Error(`${name} returned no row`);
  return row;
};

/** The single value that a function returns. */
export const callValue = async <Value>(client: Client, name: string, args: Args = {}): Promise<Value> => {
  const row = await callRow<{ readonly result: Value }>(client, name, args);
  return Object.values(row)[0] as Value;
};

/** The only value of the only row. */
export const readValue = async <Value>(client: Client, sql: string, values: readonly unknown[] = []): Promise<Value> => {
  const { rows } = await client.query<Record<string, Value>>(sql, [...values]);
  return Object.values(rows[0] ?? {})[0] as Value;
};

const toParameter = (value: unknown): unknown => {
  if (value === null || value === undefined || typeof value !== 'object' || value instanceof Date) return value;
  const isTextArray = Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string');
  return isTextArray ? value : JSON.stringify(value);
};
