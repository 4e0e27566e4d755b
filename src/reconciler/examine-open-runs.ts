import type { DescribedExecution, TemporalPort } from '../ports/temporal.ts';
import type { OpenRun } from '../ports/reconciling.ts';
import { runIdOf } from '../activities/bookkeeping/open-run.ts';
import type { ReconcilerPorts } from './compare-executions.ts';

/** So many tries of a step mean that somebody should look. */
const MANY_ATTEMPTS = 5;
/** So many tries of a workflow task mean that workflow code fails. */
const MANY_WORKFLOW_TASKS = 3;
/** A workflow task that no worker takes for so long waits for one that is not there. */
const LONG_WAIT_MS = 30_000;

type Symptoms = Pick<DescribedExecution, 'worstActivity' | 'workflowTaskAttempt' | 'waitsForWorkerSince' | 'build'>;

/** Why a run does not go on, as far as its description shows. Pure. */
export function judgeStall(
  { worstActivity, workflowTaskAttempt, waitsForWorkerSince, build }: Symptoms,
  nowMs: number,
): string | null {
  if (waitsForWorkerSince !== undefined && nowMs - Date.parse(waitsForWorkerSince) > LONG_WAIT_MS)
    return build === undefined
      ? 'no worker takes it on'
      : `it belongs to the build ${build}, and no worker of that build takes it on`;
  if (workflowTaskAttempt > MANY_WORKFLOW_TASKS) return `its workflow task has failed ${workflowTaskAttempt - 1} times`;
  if (worstActivity !== undefined && worstActivity.attempt > MANY_ATTEMPTS) {
    return `${worstActivity.type} is at attempt ${worstActivity.attempt}${worstActivity.lastFailure === undefined ? '' : `: ${worstActivity.lastFailure}`}`;
  }
  return null;
}

async function examine(run: OpenRun, temporal: TemporalPort, { mirror }: ReconcilerPorts): Promise<void> {
  const described = await temporal.describe(run.workflowId);
  if (described === undefined) {
    if (run.temporalRunId !== null) await mirror.loseRun(run.runId, run.temporalRunId);
    return;
  }
  if (described.status !== 'RUNNING' || described.temporalRunId !== run.temporalRunId) {
    await mirror.reconcile([{ ...described, runId: runIdOf(described.workflowId, described.firstRunId) }]);
    return;
  }
  const reason = judgeStall(described, Date.now());
  if (reason !== run.stalledReason) await mirror.flagRun(run.runId, reason);
}

/** Looks at a page of open runs that have been quiet, one by one; returns where the next page begins. */
export async function examineOpenRuns(afterId: string, temporal: TemporalPort, ports: ReconcilerPorts): Promise<string> {
  const runs = await ports.mirror.listOpenRuns(afterId);
  for (const run of runs) await examine(run, temporal, ports);
  return runs.at(-1)?.runId ?? FIRST_ID;
}

/** Smaller than every id. */
export const FIRST_ID = '00000000-0000-0000-0000-000000000000';
