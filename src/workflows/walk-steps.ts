import { CancellationScope } from '@temporalio/workflow';
import type { StepOutline, StepResult } from './run-task.messages.ts';
import { takeLoop } from './take-loop.ts';
import { act, argumentOf, type Taken, takeUnit, type Walker } from './take-step.ts';

/** The plan of an open run and who walks it. */
export interface Walk extends Walker {
  readonly steps: readonly StepOutline[];
  /** Steps that are done already. */
  readonly done: Readonly<Record<string, StepResult>>;
}

/** Where nothing of what it needs has happened, a step is skipped as well. */
const isCutOff = (needed: readonly Taken[]): boolean => needed.length > 0 && needed.every((taken) => taken === 'skipped');

async function takeStep(step: StepOutline, needed: readonly Taken[], walk: Walk): Promise<Taken> {
  if (needed.includes('left')) return 'left';
  const known = walk.done[step.id];
  if (known !== undefined) return known;
  if (!(await walk.control.mayStart())) return 'left';
  const isSkipped = isCutOff(needed);
  if (step.maxParallel !== undefined) return takeLoop(step, isSkipped, walk);
  return takeUnit(step, argumentOf(walk, step, { isSkipped }), walk);
}

/** What was done, to be undone in reverse. */
export interface Walked {
  /** Whether all steps are done; otherwise the next execution goes on. */
  readonly isComplete: boolean;
}

/**
 * Takes every step as soon as those it needs are done. The first failure cancels the others; when all of them have
 * cleaned up, it is thrown. `onDone` hears of each step that has completed, in that order.
 */
export async function walkSteps(walk: Walk, onDone: (step: StepOutline) => void): Promise<Walked> {
  const scope = new CancellationScope();
  return scope.run(async () => {
    const taken = new Map<string, Promise<Taken>>();
    for (const step of walk.steps) {
      const needed = step.needs.flatMap((id) => taken.get(id) ?? []);
      const take = async (results: readonly Taken[]): Promise<Taken> => {
        const result = await takeStep(step, results, walk);
        if (result === 'completed') onDone(step);
        return result;
      };
      taken.set(step.id, needed.length === 0 ? take([]) : Promise.all(needed).then(take));
    }
    try {
      const results = await Promise.all(taken.values());
      return { isComplete: !results.includes('left') };
    } catch (error) {
      scope.cancel();
      await Promise.allSettled(taken.values());
      throw error;
    }
  });
}

/** Undoes what was done, the last first. One that fails does not keep the others from being undone. */
export async function undoSteps(done: readonly StepOutline[], walker: Walker): Promise<void> {
  for (const { undo } of done.toReversed()) {
    if (undo === undefined) continue;
    try {
      await act(undo, argumentOf(walker, undo), walker);
    } catch {
      // Its own row tells how it failed; the run fails by what made it fail.
    }
  }
}
