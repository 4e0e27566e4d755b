import { CancellationScope, isCancellation } from '@temporalio/workflow';
import { keepBook } from './bookkeeping.ts';
import type { StepOutline } from './run-task.messages.ts';
import { toStoredError } from './stored-error.ts';
import { argumentOf, type Taken, takeUnit, type Walker } from './take-step.ts';

const DEFAULT_PARALLEL = 20;

/** Takes a step once for each item of its list, so many at a time. The first failure cancels the others. */
export async function takeLoop(step: StepOutline, isSkipped: boolean, walker: Walker): Promise<Taken> {
  const { ids, control } = walker;
  const request = { ...ids, ...argumentOf(walker, step, { isSkipped }) };
  const opened = await keepBook('openLoop', request);
  if (opened.isDone) return opened.state;

  const missing = [...opened.missing];
  let { next } = opened;
  const takeNext = (): number | undefined => missing.shift() ?? (next < opened.count ? next++ : undefined);
  const pull = async (): Promise<boolean> => {
    while (missing.length > 0 || next < opened.count) {
      if (!(await control.mayStart())) return false;
      const iteration = takeNext();
      if (iteration === undefined) break;
      if ((await takeUnit(step, argumentOf(walker, step, { iteration }), walker)) === 'left') return false;
    }
    return true;
  };

  const scope = new CancellationScope();
  const size = Math.min(step.maxParallel ?? DEFAULT_PARALLEL, missing.length + opened.count - next);
  const pullers = await scope.run(async () => {
    const pulling = Array.from({ length: size }, pull);
    try {
      return await Promise.all(pulling);
    } catch (error) {
      scope.cancel();
      await Promise.allSettled(pulling);
      if (!isCancellation(error))
        await CancellationScope.nonCancellable(() => keepBook('closeLoop', { ...request, error: toStoredError(error) }));
      throw error;
    }
  });
  if (pullers.includes(false)) return 'left';
  return (await keepBook('closeLoop', request)).state;
}
