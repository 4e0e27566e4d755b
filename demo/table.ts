import type { Screen } from './screen.ts';

export interface TableRow {
  readonly cells: readonly string[];
  readonly isGood: boolean;
}

/** A line for each row, green or red. */
export function showTable(screen: Screen, titles: readonly string[], rows: readonly TableRow[]): void {
  const widths = titles.map((title, column) => Math.max(title.length, ...rows.map(({ cells }) => cells[column]?.length ?? 0)));
  const toLine = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  screen.say(screen.paint('bold', toLine(titles)));
  screen.say(toLine(widths.map((width) => '─'.repeat(width))));
  for (const { cells, isGood } of rows) screen.say(screen.paint(isGood ? 'green' : 'red', toLine(cells)));
}
