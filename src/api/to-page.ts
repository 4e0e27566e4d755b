import { writeCursor } from './cursor.ts';

interface PageOptions<Row, Item> {
  /** One more than the limit were asked for: whether it came says if there is a next page. */
  readonly rows: readonly Row[];
  readonly limit: number;
  readonly toItem: (row: Row) => Item;
  /** Where the next page starts when this row is the last one. */
  readonly positionOf: (row: Row) => readonly (string | number)[];
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

export function toPage<Row, Item>({ rows, limit, toItem, positionOf }: PageOptions<Row, Item>): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const nextCursor = rows.length > limit && last !== undefined ? writeCursor(positionOf(last)) : null;
  return { items: shown.map(toItem), nextCursor };
}
