import type { Stage } from '../stage.ts';
import { isCompleted, type StartedRuns } from './start-runs.ts';

const workflowIdOf = (runId: string): string => `run-${runId}`;

/** An operator works in Temporal itself, past every interface of ours; the mirror follows. */
export async function playUseTemporal({ screen, temporal, watch }: Stage, { report, sleeper }: StartedRuns): Promise<void> {
  screen.scene('An operator terminates one run and resets another, by the Temporal CLI');
  screen.tell('temporal workflow terminate: the report that sleeps');
  await temporal.terminate(workflowIdOf(sleeper.id));
  const terminatedAt = performance.now();
  await watch.until(sleeper.id, ({ state }) => state === 'cancelled', 'the termination in the mirror');
  screen.tell(`the mirror showed it after ${((performance.now() - terminatedAt) / 1_000).toFixed(1)} s`);

  screen.tell('temporal workflow reset: the report that had completed');
  await temporal.reset(workflowIdOf(report.id));
  await watch.until(report.id, (run) => run.epoch === 2 && isCompleted(run), 'the repeated report');
  screen.tell('it ran again from its beginning, and wrote the same rows');
}
