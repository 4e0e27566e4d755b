import { type Json, type PlanStep, PlatformError } from '@durabase/contracts';
import { neededValues } from '../../domain/template/template-scope.ts';
import { escapeUnstorable, unescapeUnstorable } from '../../domain/unstorable.ts';
import type { LoadedStep, MirrorPort } from '../../ports/mirror.ts';
import type { Bookkeeping, ExecutionIds, OpenedWait, StepArgument, StepResult } from '../../workflows/run-task.messages.ts';
import { staleFailure, toFailure, toStoredError } from '../failure.ts';
import { findStep } from '../find-step.ts';
import { freezeInput } from '../resolve-input.ts';
import { findReasonToSkip, skipStep } from '../skip-step.ts';
import { toStoredValue } from '../stored-value.ts';
import { findWait } from '../waits/index.ts';

type Request = ExecutionIds & StepArgument;

interface Loaded {
  readonly step: PlanStep;
  readonly loaded: LoadedStep;
  /** Its row, where this execution has begun it. */
  readonly row: LoadedStep['step'];
}

async function load(request: Request, mirror: MirrorPort): Promise<Loaded> {
  const { runId, stepId, iteration, temporalRunId } = request;
  const step = findStep(await mirror.loadPlan(request.versionId), stepId);
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
  return { step, loaded, row: loaded.step !== null && loaded.step.epoch === loaded.epoch ? loaded.step : null };
}

/** How the wait ended, when it has: `undefined` while it waits. Throws its failure. */
function endOf(row: LoadedStep['step']): StepResult | undefined {
  if (row?.state === 'completed' || row?.state === 'skipped') return row.state;
  if (row?.state === 'failed' || row?.state === 'timed_out' || row?.state === 'cancelled')
    throw toFailure((row.error ?? { code: 'STEP_FAILED', message: row.state }) as unknown as Parameters<typeof toFailure>[0], {
      isFinal: true,
    });
  return undefined;
}

const parseInput = ({ id, action }: PlanStep, frozen: Json) => {
  const wait = findWait(action);
  if (wait === undefined) throw new PlatformError('UNKNOWN_ACTION', { message: `"${action}" is no action that waits` });
  const input = wait.contract.input.safeParse(frozen);
  if (!input.success) {
    throw new PlatformError('STEP_INPUT_INVALID', {
      message: `${id}: ${input.error.issues[0]?.message ?? 'no valid input'}`,
      path: `steps.${id}.with`,
    });
  }
  return { handler: wait.handler, input: input.data };
};

async function begin({ step, loaded, row }: Loaded, request: Request, mirror: MirrorPort): Promise<OpenedWait> {
  const { runId, temporalRunId, firstRunId, stepId, iteration } = request;
  const writer = { runId, temporalRunId, firstRunId };
  const facts = { ...loaded, runId, input: unescapeUnstorable(loaded.input) };
  const reason = findReasonToSkip(step, facts, request);
  if (reason !== undefined) return { isDone: true, state: await skipStep({ ...writer, step, iteration, reason }, mirror) };
  const frozen = row?.input == null ? freezeInput(step, facts, iteration) : unescapeUnstorable(row.input);
  const { handler, input } = parseInput(step, frozen);
  const { wakesAt, wait } = handler.begin(input as never, new Date());
  const wakes = row?.wakesAt ?? wakesAt?.toISOString();
  const answer = await mirror.beginStep({
    ...writer,
    stepId,
    iteration,
    attempt: 1,
    name: step.name,
    action: step.action,
    state: 'waiting',
    input: escapeUnstorable(frozen),
    ...(wakes === undefined ? {} : { wakesAt: wakes }),
    ...(wait === undefined ? {} : { wait }),
  });
  if (answer.verdict === 'stale') throw staleFailure(answer.reason);
  if (answer.verdict === 'wait') throw new PlatformError('PERMIT_UNAVAILABLE');
  if (answer.verdict === 'done') return { isDone: true, state: endOf((await load(request, mirror)).row) ?? 'completed' };
  return { isDone: false, ...(wakes === undefined ? {} : { durationMs: Math.max(0, Date.parse(wakes) - Date.now()) }) };
}

/** What is wrong with the wait itself is the failure of its step. */
async function failWait(error: PlatformError, request: Request, mirror: MirrorPort): Promise<never> {
  const { runId, temporalRunId, firstRunId, stepId, iteration } = request;
  const writer = { runId, temporalRunId, firstRunId, stepId, iteration };
  const step = findStep(await mirror.loadPlan(request.versionId), stepId);
  await mirror.beginStep({ ...writer, attempt: 1, name: step.name, action: step.action, state: 'running', input: null });
  const stored = toStoredError(error, stepId);
  await mirror.endStep({ ...writer, state: 'failed', error: escapeUnstorable(stored as unknown as Json) });
  throw toFailure(stored, { isFinal: true });
}

/** Records that a step that waits has begun, and says how long the workflow has to wait. */
export const createOpenWait =
  ({ mirror }: { readonly mirror: MirrorPort }): Bookkeeping['openWait'] =>
  async (request): Promise<OpenedWait> => {
    const loaded = await load(request, mirror);
    const end = endOf(loaded.row);
    if (end !== undefined) return { isDone: true, state: end };
    try {
      return await begin(loaded, request, mirror);
    } catch (error) {
      if (error instanceof PlatformError && !error.retryable) return await failWait(error, request, mirror);
      throw error;
    }
  };

/** Records that the time of a wait is over. An end that somebody else wrote before stands. */
export const createCloseWait =
  ({ mirror }: { readonly mirror: MirrorPort }): Bookkeeping['closeWait'] =>
  async (request) => {
    const { runId, temporalRunId, firstRunId, stepId, iteration } = request;
    const { step, row } = await load(request, mirror);
    const end = endOf(row);
    if (end !== undefined) return { state: end };
    const { handler, input } = parseInput(step, unescapeUnstorable(row?.input ?? null));
    const late = handler.late(input as never, new Date());
    const error = toStoredError(
      new PlatformError('STEP_TIMED_OUT', { message: `${stepId}: nobody ended the wait in time` }),
      stepId,
    );
    const answer = await mirror.endStep({
      runId,
      temporalRunId,
      firstRunId,
      stepId,
      iteration,
      ...(late === undefined
        ? { state: 'timed_out', error: escapeUnstorable(error as unknown as Json) }
        : { state: 'completed', ...toStoredValue(late.output) }),
    });
    if (answer.verdict === 'stale') throw staleFailure(answer.reason);
    return { state: endOf((await load(request, mirror)).row) ?? 'completed' };
  };
