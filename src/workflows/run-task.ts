import {
  allHandlersFinished,
  ApplicationFailure,
  CancellationScope,
  CancelledFailure,
  condition,
  continueAsNew,
  defineSignal,
  isCancellation,
  setDefaultSignalHandler,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
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
  WAKE_SIGNAL,
} from './run-task.messages.ts';
import { toStoredError } from './stored-error.ts';
import type { Walker } from './take-step.ts';
import { createWalkControl, type WalkControl } from './walk-control.ts';
import { undoSteps, walkSteps } from './walk-steps.ts';

const admitted = defineSignal<[mark?: SignalMark]>(ADMITTED_SIGNAL);
const woken = defineSignal<[mark?: SignalMark]>(WAKE_SIGNAL);

/** How long an execution that opened with a wish to cancel waits for the cancellation itself to arrive. */
const CANCEL_ARRIVAL = '30 seconds';

type GoingRun = Extract<OpenedRun, { verdict: 'go' | 'cancel' }>;

const isGoing = (run: OpenedRun): run is GoingRun => run.verdict === 'go' || run.verdict === 'cancel';

const executionIds = (): ExecutionIds => {
  const { workflowId, runId, firstExecutionRunId } = workflowInfo();
  return { workflowId, temporalRunId: runId, firstRunId: firstExecutionRunId };
};

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

/** Cancels the walk when its time is over, by the clock or by what it has spent executing. */
function startClocks(
  { deadlineMs, timeoutMs }: GoingRun,
  control: WalkControl,
  onLate: (why: StoredError) => void,
): CancellationScope {
  const clocks = new CancellationScope();
  const ring = (alarm: Promise<void>, why: StoredError): void => {
    alarm.then(() => onLate(why)).catch(() => undefined); // cancelled when the walk has ended in time
  };
  void clocks.run(async () => {
    if (deadlineMs !== undefined)
      ring(sleep(deadlineMs, { summary: 'deadline' }), {
        code: 'DEADLINE_EXCEEDED',
        message: 'the deadline of the run passed',
      });
    if (timeoutMs !== undefined)
      ring(control.usedUp(timeoutMs), {
        code: 'DEADLINE_EXCEEDED',
        message: `the steps of the run were executing for more than ${timeoutMs} ms`,
      });
  });
  return clocks;
}

/** Walks the plan under the bounds of the run; `undefined` when another execution has to go on. */
async function execute(run: GoingRun, walker: Walker): Promise<RunOutcome | undefined> {
  const walk = new CancellationScope();
  let late: StoredError | undefined;
  const clocks = startClocks(run, walker.control, (why) => {
    late = why;
    walk.cancel();
  });
  const watching = new CancellationScope();
  watching.run(() => walker.control.watch(run.runId)).catch(() => undefined); // cancelled below
  const done = run.steps.filter((step) => run.done?.[step.id] === 'completed');
  try {
    if (run.verdict === 'cancel') await sleep(CANCEL_ARRIVAL);
    const { isComplete } = await walk.run(() =>
      walkSteps({ ...walker, steps: run.steps, done: run.done ?? {} }, (step) => {
        if (!done.includes(step)) done.push(step);
      }),
    );
    return isComplete ? { state: 'completed' } : undefined;
  } catch (error) {
    await CancellationScope.nonCancellable(() => undoSteps(done, walker));
    if (late !== undefined) return { state: 'timed_out', error: late };
    if (isCancellation(error)) return { state: 'cancelled', error: { code: 'RUN_CANCELLED', message: 'cancelled' } };
    return { state: 'failed', error: toStoredError(error) };
  } finally {
    clocks.cancel();
    watching.cancel();
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

/** Goes on in a new history, with what Postgres knows. */
async function leave(run: GoingRun, ids: ExecutionIds, usedMs: number): Promise<never> {
  await keepBook('leaveRun', { ...ids, runId: run.runId });
  return continueAsNew<typeof runTask>({ runId: run.runId, usedMs });
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
  const control = createWalkControl();
  setHandler(woken, async (mark) => {
    control.wake(); // harmless when forged: Postgres is asked
    if (mark?.by !== 'dispatcher') await noteSignal(WAKE_SIGNAL);
  });

  const opened = await openRun(argument, ids, noteSignal);
  runId = opened.runId;
  if (!isGoing(opened)) return opened;
  control.begin({ isPaused: opened.isPaused ?? false, usedMs: 'usedMs' in argument ? (argument.usedMs ?? 0) : 0 });

  const { versionId } = opened.record;
  const outcome = await execute(opened, { ids, runId: opened.runId, versionId, control });
  await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  if (outcome === undefined) return leave(opened, ids, control.usedMs());
  const stored = await CancellationScope.nonCancellable(() =>
    keepBook('finishRun', { ...ids, runId: opened.runId, versionId, outcome }),
  );
  return close(stored);
}
