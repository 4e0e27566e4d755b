import type { StepState } from '@durabase/contracts/run-states';
import type { TimelineRow } from './build-timeline.ts';

const TROUBLE: readonly StepState[] = ['failed', 'timed_out', 'retrying'];

/** Whether somebody should look at it. */
export const isTrouble = ({ step }: TimelineRow): boolean => step !== undefined && TROUBLE.includes(step.state);

/** How many rows are in which state, the most frequent first. */
export const countStates = (rows: readonly TimelineRow[]): readonly (readonly [state: StepState, count: number])[] => {
  const counts = new Map<StepState, number>();
  for (const { step } of rows) if (step !== undefined) counts.set(step.state, (counts.get(step.state) ?? 0) + 1);
  return [...counts].toSorted(([, left], [, right]) => right - left);
};
