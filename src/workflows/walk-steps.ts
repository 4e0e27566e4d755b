import { ActivityCancellationType, CancellationScope, proxyActivities, sleep } from '@temporalio/workflow';
import { keepBook } from './bookkeeping.ts';
import type { ExecutionIds, StepArgument, StepOutline, StepReport } from './run-task.messages.ts';

/** Added to the bound of an attempt, which the worker itself enforces: this one only counts when the worker cannot. */
const MARGIN_MS = 10_000;

/** The plan of an open run and who walks it. */
export interface Walk {
  readonly ids: ExecutionIds;
  readonly runId: string;
  readonly versionId: string;
  readonly steps: readonly StepOutline[];
}

type StepActivity = (argument: StepArgument) => Promise<StepReport>;

async function act(step: StepOutline, argument: StepArgument): Promise<void> {
  const activities = proxyActivities<Record<string, StepActivity>>({
    startToCloseTimeout: step.startToCloseMs + MARGIN_MS,
    scheduleToCloseTimeout: step.scheduleToCloseMs + MARGIN_MS,
    heartbeatTimeout: step.heartbeatMs,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    // Attempts are counted by failures of the handler, in Postgres; these are for lost workers.
    retry: { initialInterval: '200 milliseconds', backoffCoefficient: 2, maximumInterval: '10 seconds' },
    summary: step.name,
  });
  await activities[step.action]?.(argument);
}

async function wait(step: StepOutline, ids: ExecutionIds, argument: StepArgument): Promise<void> {
  const opened = await keepBook('openWait', { ...ids, ...argument });
  if (opened.isDone) return;
  if (opened.durationMs > 0) await sleep(opened.durationMs, { summary: step.name });
  await keepBook('closeWait', { ...ids, ...argument });
}

const takeStep = ({ ids, runId, versionId }: Walk, step: StepOutline): Promise<void> => {
  const argument = { runId, versionId, stepId: step.id, iteration: 0, firstRunId: ids.firstRunId };
  return step.kind === 'wait' ? wait(step, ids, argument) : act(step, argument);
};

/**
 * Takes every step as soon as those it needs are done. The first failure cancels the others; when all of them have
 * cleaned up, it is thrown.
 */
export async function walkSteps(walk: Walk): Promise<void> {
  const scope = new CancellationScope();
  await scope.run(async () => {
    const taken = new Map<string, Promise<void>>();
    for (const step of walk.steps) {
      const needed = step.needs.flatMap((id) => taken.get(id) ?? []);
      taken.set(step.id, needed.length === 0 ? takeStep(walk, step) : Promise.all(needed).then(() => takeStep(walk, step)));
    }
    try {
      await Promise.all(taken.values());
    } catch (error) {
      scope.cancel();
      await Promise.allSettled(taken.values());
      throw error;
    }
  });
}
