import { CancellationScope, condition, sleep, workflowInfo } from '@temporalio/workflow';
import { keepBook } from './bookkeeping.ts';
import { createStopwatch, type Stopwatch } from './stopwatch.ts';
import type { Control, WaitPlace } from './run-task.messages.ts';

/** A history beyond this many events is left for a new one; what is under way then still comes on top. */
const MAX_EVENTS = 3_000;

type Ended = Control['ended'][number];

/** How a wait ended: by somebody's word, by the clock, or because another execution goes on with it. */
export type WaitEnd = Ended | 'late' | 'left';

/** How long a wait lasts at most, and how it is called in Temporal. */
export interface WaitOptions {
  readonly durationMs?: number | undefined;
  readonly summary: string;
  /** `wakeCount` before the wait was written down: news since then may have been for it. */
  readonly sinceWake: number;
}

/** What the steps of a walk share: pauses, waits that others end, the time that was spent, and when to leave the history. */
export interface WalkControl extends Stopwatch {
  /** Asks whether something new may begin, and waits while the run is paused. `false`: this execution is about to leave. */
  mayStart(): Promise<boolean>;
  waitFor(place: WaitPlace, options: WaitOptions): Promise<WaitEnd>;
  /** How often the workflow has been woken. */
  wakeCount(): number;
  /** There may be news; to be called by the handler of the signal. */
  wake(): void;
  /** Looks up what has changed after each wake, until it is cancelled. */
  watch(runId: string): Promise<void>;
}

const keyOf = ({ stepId, iteration }: WaitPlace): string => `${stepId}/${iteration}`;

/** Waits that somebody else may end. */
function createOpenWaits() {
  const open = new Map<string, WaitPlace>();
  const ended = new Map<string, Ended>();
  return {
    places: (): readonly WaitPlace[] => [...open.values()],
    note: (ends: readonly Ended[]): void => {
      for (const end of ends) if (open.has(keyOf(end))) ended.set(keyOf(end), end);
    },
    hold: async (
      place: WaitPlace,
      isLeaving: () => boolean,
      { durationMs, summary }: Omit<WaitOptions, 'sinceWake'>,
    ): Promise<WaitEnd> => {
      const key = keyOf(place);
      open.set(key, place);
      const scope = new CancellationScope();
      const wait = (): Promise<WaitEnd> => {
        const told = condition(() => isLeaving() || ended.has(key)).then((): WaitEnd => ended.get(key) ?? 'left');
        if (durationMs === undefined) return told;
        return Promise.race([told, sleep(durationMs, { summary }).then((): WaitEnd => 'late')]);
      };
      try {
        return await scope.run(wait);
      } finally {
        scope.cancel();
        open.delete(key);
        ended.delete(key);
      }
    },
  };
}

/** State of one walk, which goes on from what was before it. */
export function createWalkControl(): WalkControl & { begin(from: { isPaused: boolean; usedMs: number }): void } {
  const stopwatch = createStopwatch();
  const waits = createOpenWaits();
  let isPaused = false;
  let isLeaving = false;
  let hasNews = false;
  let wakeCount = 0;

  const leaveIfLong = (): void => {
    if (workflowInfo().historyLength > MAX_EVENTS) isLeaving = true;
  };
  const look = async (runId: string): Promise<void> => {
    const control = await keepBook('readControl', { runId, waits: waits.places() });
    isPaused = control.isPaused;
    waits.note(control.ended);
    leaveIfLong();
  };

  return {
    ...stopwatch,
    begin: (from) => {
      isPaused = from.isPaused;
      stopwatch.start(from.usedMs);
    },
    mayStart: async () => {
      leaveIfLong();
      if (isPaused && !isLeaving) await condition(() => !isPaused || isLeaving);
      return !isLeaving;
    },
    wakeCount: () => wakeCount,
    waitFor: (place, { sinceWake, ...options }) => {
      if (options.durationMs === 0) return Promise.resolve('late');
      const held = waits.hold(place, () => isLeaving, options);
      if (wakeCount !== sinceWake) hasNews = true;
      return held;
    },
    wake: () => {
      hasNews = true;
      wakeCount += 1;
    },
    watch: async (runId) => {
      for (;;) {
        await condition(() => hasNews);
        hasNews = false;
        await look(runId);
      }
    },
  };
}
