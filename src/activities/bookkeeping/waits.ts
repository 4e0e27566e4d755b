import { type JsonObject, PlatformError, sleepAction } from '@durabase/contracts';
import { neededValues } from '../../domain/template/template-scope.ts';
import { unescapeUnstorable } from '../../domain/unstorable.ts';
import type { MirrorPort, StepBegin } from '../../ports/mirror.ts';
import type { Bookkeeping, ExecutionIds, OpenedWait, StepArgument } from '../../workflows/run-task.messages.ts';
import { sleepOutput, wakeTime } from '../actions/sleep.ts';
import { staleFailure } from '../failure.ts';
import { findStep } from '../find-step.ts';
import { freezeInput } from '../resolve-input.ts';

async function prepareWait(request: ExecutionIds & StepArgument, mirror: MirrorPort): Promise<StepBegin | 'done'> {
  const { runId, stepId, iteration, temporalRunId, firstRunId } = request;
  const step = findStep(await mirror.loadPlan(request.versionId), stepId);
  const needed = neededValues(step.with);
  const loaded = await mirror.loadStep({
    runId,
    stepId,
    iteration,
    temporalRunId,
    references: needed.steps,
    withInput: needed.input,
  });
  if (loaded === undefined) throw staleFailure('no such run');
  if (loaded.step !== null && loaded.step.epoch === loaded.epoch && loaded.step.state === 'completed') return 'done';
  const frozen = freezeInput(step, { ...loaded, runId, input: unescapeUnstorable(loaded.input) }, iteration);
  const input = sleepAction.input.safeParse(frozen);
  if (!input.success) {
    throw new PlatformError('STEP_INPUT_INVALID', {
      message: `${stepId}: ${input.error.issues[0]?.message ?? 'no valid input'}`,
      path: `steps.${stepId}.with`,
    });
  }
  const isSame = loaded.step !== null && loaded.step.epoch === loaded.epoch && loaded.step.wakesAt !== null;
  const wakesAt = isSame && loaded.step?.wakesAt ? loaded.step.wakesAt : wakeTime(input.data, new Date()).toISOString();
  return {
    runId,
    temporalRunId,
    firstRunId,
    stepId,
    iteration,
    attempt: 1,
    name: step.name,
    action: step.action,
    state: 'waiting',
    input: frozen,
    wakesAt,
  };
}

/** Records that a step of kind `wait` has begun, and says how long the workflow has to sleep. */
export const createOpenWait =
  ({ mirror }: { readonly mirror: MirrorPort }): Bookkeeping['openWait'] =>
  async (request): Promise<OpenedWait> => {
    const begin = await prepareWait(request, mirror);
    if (begin === 'done') return { durationMs: 0, isDone: true };
    const answer = await mirror.beginStep(begin);
    if (answer.verdict === 'stale') throw staleFailure(answer.reason);
    if (answer.verdict === 'wait') throw new PlatformError('PERMIT_UNAVAILABLE');
    return { durationMs: Math.max(0, Date.parse(begin.wakesAt ?? '') - Date.now()), isDone: answer.verdict === 'done' };
  };

/** Records that the wait is over. */
export const createCloseWait =
  ({ mirror }: { readonly mirror: MirrorPort }): Bookkeeping['closeWait'] =>
  async ({ runId, temporalRunId, firstRunId, stepId, iteration }) => {
    const output = sleepOutput(new Date()) as JsonObject;
    const answer = await mirror.endStep({ runId, temporalRunId, firstRunId, stepId, iteration, state: 'completed', output });
    if (answer.verdict === 'stale') throw staleFailure(answer.reason);
  };
