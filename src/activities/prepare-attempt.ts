import { type Json, type PlanStep, PlatformError } from '@durabase/contracts';
import { type NeededValues, neededValues } from '../domain/template/template-scope.ts';
import { escapeUnstorable, unescapeUnstorable } from '../domain/unstorable.ts';
import type { LoadedStep, MirrorPort, Writer } from '../ports/mirror.ts';
import type { StepArgument, StepReport } from '../workflows/run-task.messages.ts';
import { staleFailure, toFailure } from './failure.ts';
import { findStep } from './find-step.ts';
import { freezeInput } from './resolve-input.ts';
import { findReasonToSkip, skipStep } from './skip-step.ts';

/** How many attempts may be lost with their workers before a step is given up: it probably kills them. */
export const MAX_LOST_ATTEMPTS = 25;
/** How long an attempt waits before it asks for the permits of a reset run again. */
const PERMIT_RETRY_MS = 1_000;

/** An attempt that may go on. */
export interface PreparedAttempt {
  readonly step: PlanStep;
  readonly needed: NeededValues;
  readonly workspaceId: string;
  readonly writer: Writer;
  readonly attempt: number;
  readonly failureCount: number;
  /** Without its secrets. */
  readonly frozenInput: Json;
  /** What is wrong before the handler could be asked: counts as its failure. */
  readonly error?: PlatformError;
}

/** The attempt, or the report of an earlier one whose word did not reach Temporal. */
export type Preparation = { readonly ready: PreparedAttempt } | { readonly report: StepReport };

const reportOf = (step: NonNullable<LoadedStep['step']>): StepReport =>
  step.outputRef === null ? { state: 'completed', output: step.output } : { state: 'completed', outputRef: step.outputRef };

/** What an earlier attempt of this very execution has already said, if it has. */
function recall({ step, epoch }: LoadedStep): StepReport | undefined {
  if (step === null || step.epoch !== epoch) return undefined;
  if (step.state === 'skipped') return { state: 'skipped' };
  if (step.state === 'completed') return reportOf(step);
  if (step.state === 'failed' || step.state === 'timed_out') {
    throw toFailure(step.error as unknown as Parameters<typeof toFailure>[0], { isFinal: true });
  }
  return undefined;
}

/** What must not be repeated, or not any longer. */
function judgeLostAttempt(step: PlanStep, loaded: LoadedStep, attempt: number): PlatformError | undefined {
  const row = loaded.step;
  if (row === null || row.epoch !== loaded.epoch || row.state !== 'running' || row.attempt >= attempt) return undefined;
  if (step.effect === 'doubtful') {
    return new PlatformError('EFFECT_DOUBTFUL', {
      message: `attempt ${row.attempt} was lost with its worker, and its effect cannot be told`,
      hint: 'look at the target, then retry the run from this step',
    });
  }
  if (attempt - row.failureCount > MAX_LOST_ATTEMPTS) {
    return new PlatformError('STEP_FAILED', {
      message: `${attempt - row.failureCount} attempts were lost with their workers`,
      retryable: false,
    });
  }
  return undefined;
}

function resolveFrozen(
  step: PlanStep,
  loaded: LoadedStep,
  argument: StepArgument,
): { readonly frozenInput: Json; readonly error?: PlatformError; readonly reasonToSkip?: string } {
  if (loaded.step !== null && loaded.step.epoch === loaded.epoch && loaded.step.input !== null) {
    return { frozenInput: unescapeUnstorable(loaded.step.input) };
  }
  try {
    const facts = { ...loaded, runId: argument.runId, input: unescapeUnstorable(loaded.input) };
    const reasonToSkip = findReasonToSkip(step, facts, argument);
    if (reasonToSkip !== undefined) return { frozenInput: null, reasonToSkip };
    return { frozenInput: freezeInput(step, facts, argument.iteration) };
  } catch (error) {
    if (!(error instanceof PlatformError)) throw error;
    return { frozenInput: null, error };
  }
}

/** Reads what the attempt needs, freezes its input, and records that it has begun unless opening the run did so. */
export async function prepareAttempt(
  argument: StepArgument,
  { temporalRunId, attempt }: { readonly temporalRunId: string; readonly attempt: number },
  mirror: MirrorPort,
): Promise<Preparation> {
  const { runId, stepId, iteration, firstRunId } = argument;
  const step = findStep(await mirror.loadPlan(argument.versionId), stepId);
  const needed = neededValues(step.with, step.when);
  const loaded = await mirror.loadStep({
    runId,
    stepId,
    iteration,
    temporalRunId,
    references: needed.steps,
    withInput: needed.input,
  });
  if (loaded === undefined) throw staleFailure('no such run');
  const recalled = recall(loaded);
  if (recalled !== undefined) return { report: recalled };

  const writer = { runId, temporalRunId, firstRunId };
  const { frozenInput, error, reasonToSkip } = resolveFrozen(step, loaded, argument);
  if (reasonToSkip !== undefined) {
    return { report: { state: await skipStep({ ...writer, step, iteration, reason: reasonToSkip }, mirror) } };
  }
  const hasBegun =
    loaded.epoch === loaded.runEpoch &&
    loaded.step?.epoch === loaded.epoch &&
    loaded.step.state === 'running' &&
    loaded.step.attempt === attempt;
  const problem = error ?? judgeLostAttempt(step, loaded, attempt);
  if (!hasBegun) {
    const answer = await mirror.beginStep({
      ...writer,
      stepId,
      iteration,
      attempt,
      name: step.name,
      action: step.action,
      state: 'running',
      input: escapeUnstorable(frozenInput),
    });
    if (answer.verdict === 'stale') throw staleFailure(answer.reason);
    if (answer.verdict === 'wait')
      throw toFailure(new PlatformError('PERMIT_UNAVAILABLE'), { isFinal: false, delayMs: PERMIT_RETRY_MS });
    if (answer.verdict === 'done') return prepareAttempt(argument, { temporalRunId, attempt }, mirror);
  }
  const failureCount = loaded.step !== null && loaded.step.epoch === loaded.epoch ? loaded.step.failureCount : 0;
  return {
    ready: {
      step,
      needed,
      workspaceId: loaded.workspaceId,
      writer,
      attempt,
      failureCount,
      frozenInput,
      ...(problem === undefined ? {} : { error: problem }),
    },
  };
}
