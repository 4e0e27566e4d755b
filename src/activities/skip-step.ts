import type { PlanStep } from '@durabase/contracts';
import type { MirrorPort, Writer } from '../ports/mirror.ts';
import type { StepArgument, StepResult } from '../workflows/run-task.messages.ts';
import { staleFailure } from './failure.ts';
import { isWanted } from './resolve-input.ts';

/** Why the step is not to be taken; `undefined` when it is. Throws when its condition has no answer. */
export function findReasonToSkip(
  step: PlanStep,
  facts: Parameters<typeof isWanted>[1],
  { iteration, isSkipped }: Pick<StepArgument, 'iteration' | 'isSkipped'>,
): string | undefined {
  if (isSkipped === true) return 'everything that it needs was skipped';
  return isWanted(step, facts, iteration) ? undefined : `the condition is false: ${step.when ?? ''}`.slice(0, 500);
}

/** Writes down that the step is skipped; returns how it is stored, which an earlier word may have decided. */
export async function skipStep(
  {
    step,
    iteration,
    reason,
    ...writer
  }: Writer & { readonly step: PlanStep; readonly iteration: number; readonly reason: string },
  mirror: MirrorPort,
): Promise<StepResult> {
  const { id: stepId, name, action } = step;
  const { runId, temporalRunId, firstRunId } = writer;
  const answer = await mirror.skipStep({ runId, temporalRunId, firstRunId, stepId, iteration, name, action, reason });
  if (answer.verdict === 'stale') throw staleFailure(answer.reason);
  return answer.state === 'completed' ? 'completed' : 'skipped';
}
