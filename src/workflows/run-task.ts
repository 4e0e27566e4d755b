import {
  ActivityFailure,
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  defineSignal,
  isCancellation,
  setDefaultSignalHandler,
  setHandler,
  sleep,
  TimeoutFailure,
  workflowInfo,
} from '@temporalio/workflow';
import { isErrorCode } from '@durabase/contracts/errors';
import { keepBook } from './bookkeeping.ts';
import {
  ADMITTED_SIGNAL,
  type ExecutionIds,
  type OpenedRun,
  type RunOutcome,
  type RunTaskArgument,
  type SignalMark,
  type StoredError,
  type StoredOutcome,
} from './run-task.messages.ts';
import { walkSteps } from './walk-steps.ts';

const admitted = defineSignal<[mark?: SignalMark]>(ADMITTED_SIGNAL);

/** How long an execution that opened with a wish to cancel waits for the cancellation itself to arrive. */
const CANCEL_ARRIVAL = '30 seconds';

type GoingRun = Extract<OpenedRun, { verdict: 'go' | 'cancel' }>;

const isGoing = (run: OpenedRun): run is GoingRun => run.verdict === 'go' || run.verdict === 'cancel';

const executionIds = (): ExecutionIds => {
  const { workflowId, runId, firstExecutionRunId } = workflowInfo();
  return { workflowId, temporalRunId: runId, firstRunId: firstExecutionRunId };
};

/** What a failed step says of itself; the workflow knows no more than its failure. */
function toStoredError(error: unknown): StoredError {
  if (error instanceof ActivityFailure) {
    const cause = error.cause;
    if (cause instanceof ApplicationFailure && isErrorCode(cause.type)) return { code: cause.type, message: cause.message };
    if (cause instanceof TimeoutFailure)
      return { code: 'STEP_TIMED_OUT', message: `${error.activityType}: no attempt succeeded in time` };
    return { code: 'STEP_FAILED', message: cause?.message ?? error.message };
  }
  return { code: 'WORKFLOW_FAILED', message: error instanceof Error ? error.message : 'unknown' };
}

type NoteSignal = (name: string) => Promise<void>;

/** Opens the run; while its permits are held by others, waits for the dispatcher's Signal. */
async function openRun(argument: RunTaskArgument, ids: ExecutionIds, noteSignal: NoteSignal): Promise<OpenedRun> {
  let isAdmitted = false;
  setHandler(admitted, async (mark) => {
    isAdmitted = true; // harmless when forged: Postgres is asked again
    if (mark?.by !== 'dispatcher') await noteSignal(ADMITTED_SIGNAL);
  });
  for (;;) {
    isAdmitted = false;
    const opened = await CancellationScope.nonCancellable(() => keepBook('openRun', { ...ids, argument }));
    if (opened.verdict !== 'wait') return opened;
    try {
      await condition(() => isAdmitted);
    } catch (error) {
      if (!isCancellation(error)) throw error;
      return {
        verdict: 'cancel',
        runId: opened.runId,
        steps: [],
        record: { workspaceId: '', taskSlug: '', versionId: '', createdAt: '', actor: {} },
      };
    }
  }
}

/** Walks the plan under the run's deadline. */
async function execute(run: GoingRun, ids: ExecutionIds): Promise<RunOutcome> {
  const walk = new CancellationScope();
  const clock = new CancellationScope();
  let isLate = false;
  const { deadlineMs } = run;
  const alarm =
    deadlineMs === undefined
      ? undefined
      : clock
          .run(() => sleep(deadlineMs, { summary: 'deadline' }))
          .then(() => {
            isLate = true;
            walk.cancel();
          });
  alarm?.catch(() => undefined); // cancelled below, when the walk has ended in time
  try {
    if (run.verdict === 'cancel') await sleep(CANCEL_ARRIVAL);
    await walk.run(() => walkSteps({ ids, runId: run.runId, versionId: run.record.versionId, steps: run.steps }));
    return { state: 'completed' };
  } catch (error) {
    if (isLate) return { state: 'timed_out', error: { code: 'DEADLINE_EXCEEDED', message: 'the deadline of the run passed' } };
    if (isCancellation(error)) return { state: 'cancelled', error: { code: 'RUN_CANCELLED', message: 'cancelled' } };
    return { state: 'failed', error: toStoredError(error) };
  } finally {
    clock.cancel();
  }
}

/** Closes the workflow as it is stored, whatever this execution believes. */
function close(stored: StoredOutcome): { readonly state: string; readonly output?: unknown; readonly outputRef?: unknown } {
  if (stored.verdict === 'stale') return { state: 'refused' };
  if (stored.state === 'completed') {
    return stored.outputRef
      ? { state: stored.state, outputRef: stored.outputRef }
      : { state: stored.state, output: stored.output ?? null };
  }
  if (stored.state === 'cancelled') throw new CancelledFailure(stored.error?.message ?? 'cancelled');
  throw ApplicationFailure.create({
    type: stored.error?.code ?? 'WORKFLOW_FAILED',
    message: stored.error?.message ?? stored.state,
    nonRetryable: true,
  });
}

/** One run of a task: open, walk the plan, finish. Postgres decides whether this execution may, and how it ended. */
export async function runTask(argument: RunTaskArgument): Promise<unknown> {
  const ids = executionIds();
  let runId: string | undefined;
  const noteSignal: NoteSignal = (name) =>
    CancellationScope.nonCancellable(async () => {
      await condition(() => runId !== undefined);
      if (runId !== undefined) await keepBook('noteSignal', { ...ids, runId, name });
    });
  setDefaultSignalHandler(noteSignal);

  const opened = await openRun(argument, ids, noteSignal);
  runId = opened.runId;
  if (!isGoing(opened)) return opened;

  const outcome = await execute(opened, ids);
  await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  const { versionId } = opened.record;
  const stored = await CancellationScope.nonCancellable(() =>
    keepBook('finishRun', { ...ids, runId: opened.runId, versionId, outcome }),
  );
  return close(stored);
}
