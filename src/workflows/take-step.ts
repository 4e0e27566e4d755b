import { ActivityCancellationType, ApplicationFailure, proxyActivities } from '@temporalio/workflow';
import { keepBook } from './bookkeeping.ts';
import type { ExecutionIds, StepArgument, StepOutline, StepReport, StepResult } from './run-task.messages.ts';
import type { WalkControl } from './walk-control.ts';

/** Added to the bound of an attempt, which the worker itself enforces: this one only counts when the worker cannot. */
const MARGIN_MS = 10_000;

/** How a step was left: done, skipped, or to be taken by the execution that goes on. */
export type Taken = StepResult | 'left';

/** Who takes steps, and for whom. */
export interface Walker {
  readonly ids: ExecutionIds;
  readonly runId: string;
  readonly versionId: string;
  readonly control: WalkControl;
}

type StepActivity = (argument: StepArgument) => Promise<StepReport>;
type Unit = Omit<StepOutline, 'needs' | 'maxParallel' | 'undo'>;

/** The argument of the activity of a step. */
export const argumentOf = (
  { ids, runId, versionId }: Walker,
  step: Unit,
  { iteration = 0, isSkipped = false }: { readonly iteration?: number; readonly isSkipped?: boolean } = {},
): StepArgument => ({
  runId,
  versionId,
  stepId: step.id,
  iteration,
  firstRunId: ids.firstRunId,
  ...(isSkipped ? { isSkipped } : {}),
});

/** Takes a step as an activity, named by its action. */
export async function act(step: Unit, argument: StepArgument, { control }: Walker): Promise<StepResult> {
  const activities = proxyActivities<Record<string, StepActivity>>({
    startToCloseTimeout: step.startToCloseMs + MARGIN_MS,
    scheduleToCloseTimeout: step.scheduleToCloseMs + MARGIN_MS,
    heartbeatTimeout: step.heartbeatMs,
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
    // Attempts are counted by failures of the handler, in Postgres; these are for lost workers.
    retry: { initialInterval: '200 milliseconds', backoffCoefficient: 2, maximumInterval: '10 seconds' },
    summary: step.name,
  });
  const report = await control.execute(async () => activities[step.action]?.(argument));
  return report?.state ?? 'completed';
}

/** Takes a step that waits: written down, then nothing but a timer or somebody's word. */
async function wait(step: Unit, argument: StepArgument, { ids, control }: Walker): Promise<Taken> {
  const sinceWake = control.wakeCount();
  const opened = await keepBook('openWait', { ...ids, ...argument });
  if (opened.isDone) return opened.state;
  const end = await control.waitFor(argument, { durationMs: opened.durationMs, summary: step.name, sinceWake });
  if (end === 'left') return 'left';
  if (end === 'late') return (await keepBook('closeWait', { ...ids, ...argument })).state;
  if (end.state === 'completed' || end.state === 'skipped') return end.state;
  throw ApplicationFailure.create({
    type: end.error?.code ?? 'STEP_FAILED',
    message: end.error?.message ?? `${step.id} ended as ${end.state}`,
    nonRetryable: true,
  });
}

/** Takes one step, or one iteration of it. */
export const takeUnit = (step: Unit, argument: StepArgument, walker: Walker): Promise<Taken> =>
  step.kind === 'activity' ? act(step, argument, walker) : wait(step, argument, walker);
