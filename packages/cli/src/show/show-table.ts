import type { Terminal } from '../terminal.ts';

/** Columns as wide as what stands in them; the first row is the head. */
export const showTable = ([head = [], ...rows]: readonly (readonly string[])[], terminal: Terminal): void => {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const toLine = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  terminal.say(terminal.paint('quiet', toLine(head)));
  for (const row of rows) terminal.say(toLine(row));
};
