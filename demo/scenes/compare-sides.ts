import { gatherEvidence } from '../gather-evidence.ts';
import { judgeRuns, type Verdict } from '../judge-runs.ts';
import type { Stage } from '../stage.ts';
import { showTable, type TableRow } from '../table.ts';

const TITLES = ['run', 'started by', 'mirror', 'Temporal', 'effects', 'calls', ''] as const;

/** Whether mirror, Temporal and the effects agree on every run. */
export async function playCompareSides(stage: Stage): Promise<boolean> {
  const { screen, cast } = stage;
  screen.scene('Mirror, Temporal and the target are compared');
  const { verdicts, problems } = judgeRuns(cast.actors, await gatherEvidence(stage));
  showTable(screen, TITLES, verdicts.map(toRow));
  for (const problem of problems) screen.say(screen.paint('red', `  ${problem}`));
  return problems.length === 0;
}

const toRow = (verdict: Verdict): TableRow => {
  const { name, startedBy, mirror, temporal, effectCount, expectedCount, requestCount, problems } = verdict;
  const isGood = problems.length === 0;
  const effects = `${effectCount} of ${expectedCount}`;
  return { cells: [name, startedBy, mirror, temporal, effects, String(requestCount), isGood ? 'agree' : 'DIFFER'], isGood };
};
