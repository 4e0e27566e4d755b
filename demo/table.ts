import type { Verdict } from './judge-runs.ts';
import type { Screen } from './screen.ts';

const TITLES = ['run', 'started by', 'mirror', 'Temporal', 'effects', 'requests', ''] as const;

/** The final table: a line for each run. */
export function showTable(screen: Screen, verdicts: readonly Verdict[]): void {
  const rows = verdicts.map(toRow);
  const widths = TITLES.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const toLine = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  screen.say(screen.paint('bold', toLine(TITLES)));
  screen.say(
    widths
      .map((width) => '─'.repeat(width))
      .join('  ')
      .trimEnd(),
  );
  for (const [index, row] of rows.entries())
    screen.say(screen.paint(verdicts[index]?.problems.length === 0 ? 'green' : 'red', toLine(row)));
}

const toRow = (verdict: Verdict): readonly string[] => [
  verdict.name,
  verdict.startedBy,
  verdict.mirror,
  verdict.temporal,
  `${verdict.effectCount} of ${verdict.expectedCount}`,
  String(verdict.requestCount),
  verdict.problems.length === 0 ? 'agree' : 'DIFFER',
];
