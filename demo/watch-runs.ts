import { type Change, isTerminal, type Run, type RunState } from '@durabase/client';
import { subscribe, type Subscriber, type SubscriberOptions } from './subscriber.ts';

/** A run took these states since the last time it was reported, in order, the former one first. */
export type OnStates = (run: Run, states: readonly string[]) => void;

export interface RunWatch {
  readonly subscriber: Subscriber;
  /** Waits until the changes have shown the run so. */
  until(runId: string, isSo: (run: Run) => boolean, what: string): Promise<void>;
}

export interface WatchOptions extends Omit<SubscriberOptions, 'onItem'> {
  readonly onStates: OnStates;
}

/** Follows every run that the user may see. */
export async function watchRuns({ onStates, ...options }: WatchOptions): Promise<RunWatch> {
  const runs = new Map<string, Run>();
  const takeChange = createChangeTaker({ onStates, onRun: (run) => runs.set(run.id, run) });
  const subscriber = await subscribe({
    ...options,
    onItem: (item) => {
      if (item.type === 'change' && item.kind === 'run') takeChange(item);
    },
  });
  return {
    subscriber,
    until: (runId, isSo, what) =>
      subscriber.until(() => {
        const run = runs.get(runId);
        return run !== undefined && isSo(run);
      }, what),
  };
}

interface FollowedRun {
  /** As it was read last: it may be ahead of the changes. */
  readonly run: Run | undefined;
  /** Those that are not reported yet, after the last one that was. */
  readonly states: readonly string[];
  readonly isReported: boolean;
}

/** Reports changes of states. A run itself is handed out when the changes have reached it. */
function createChangeTaker({ onStates, onRun }: { readonly onStates: OnStates; readonly onRun: (run: Run) => void }) {
  const followed = new Map<string, FollowedRun>();
  return ({ id, version, state, run: fresh }: Change): void => {
    const former = followed.get(id) ?? { run: undefined, states: [], isReported: false };
    const run = fresh ?? former.run;
    const states = addState(former.states, state);
    // Of several changes at once it is the last one that brings the run.
    const isDue = run !== undefined && states.length > (former.isReported ? 1 : 0);
    if (isDue) onStates(run, states);
    followed.set(id, { run, states: isDue ? states.slice(-1) : states, isReported: former.isReported || isDue });
    if (run !== undefined && version >= run.version) onRun(run);
  };
}

function addState(states: readonly string[], state: string | null): readonly string[] {
  const last = states.at(-1);
  if (state === null || state === last) return states;
  const isReset = last !== undefined && isTerminal(last as RunState) && !isTerminal(state as RunState);
  return [...states, ...(isReset ? ['reset'] : []), state];
}
