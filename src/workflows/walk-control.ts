import { CancellationScope, condition, sleep, workflowInfo } from '@temporalio/workflow';
import { keepBook } from './bookkeeping.ts';
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
export interface WalkControl {
  /** Asks whether something new may begin, and waits while the run is paused. `false`: this execution is about to leave. */
  mayStart(): Promise<boolean>;
  waitFor(place: WaitPlace, options: WaitOptions): Promise<WaitEnd>;
  /** How often the workflow has been woken. */
  wakeCount(): number;
  /** Counts the time until `work` ends as executing time. */
  execute<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Executing time so far, in milliseconds. */
  usedMs(): number;
  /** There may be news; to be called by the handler of the signal. */
  wake(): void;
  /** Resolves when the executing time has reached the bound. */
  usedUp(boundMs: number): Promise<void>;
  /** Looks up what has changed after each wake, until it is cancelled. */
  watch(runId: string): Promise<void>;
}

const keyOf = ({ stepId, iteration }: WaitPlace): string => `${stepId}/${iteration}`;

/** State of one walk; `isPaused` and `usedMs` come from what went before. */
export function createWalkControl(): WalkControl & { begin(from: { isPaused: boolean; usedMs: number }): void } {
  const open = new Map<string, WaitPlace>();
  const ended = new Map<string, Ended>();
  let isPaused = false;
  let isLeaving = false;
  let hasNews = false;
  let wakeCount = 0;
  let executing = 0;
  let spentMs = 0;
  let sinceMs = 0;

  const leaveIfLong = (): void => {
    if (workflowInfo().historyLength > MAX_EVENTS) isLeaving = true;
  };
  const usedMs = (): number => spentMs + (executing > 0 ? Date.now() - sinceMs : 0);

  return {
    begin: (from) => {
      isPaused = from.isPaused;
      spentMs = from.usedMs;
    },
    mayStart: async () => {
      leaveIfLong();
      if (isPaused && !isLeaving) await condition(() => !isPaused || isLeaving);
      return !isLeaving;
    },
    wakeCount: () => wakeCount,
    waitFor: async (place, { durationMs, summary, sinceWake }) => {
      if (durationMs === 0) return 'late';
      const key = keyOf(place);
      open.set(key, place);
      if (wakeCount !== sinceWake) hasNews = true;
      const scope = new CancellationScope();
      try {
        return await scope.run(() => {
          const told = condition(() => isLeaving || ended.has(key)).then((): WaitEnd => ended.get(key) ?? 'left');
          if (durationMs === undefined) return told;
          return Promise.race([told, sleep(durationMs, { summary }).then((): WaitEnd => 'late')]);
        });
      } finally {
        scope.cancel();
        open.delete(key);
        ended.delete(key);
      }
    },
    execute: async (work) => {
      if (executing === 0) sinceMs = Date.now();
      executing += 1;
      try {
        return await work();
      } finally {
        executing -= 1;
        if (executing === 0) spentMs += Date.now() - sinceMs;
      }
    },
    usedMs,
    wake: () => {
      hasNews = true;
      wakeCount += 1;
    },
    usedUp: async (boundMs) => {
      // The timer runs on while nothing executes; what is left then is waited for again.
      while (usedMs() < boundMs) {
        await condition(() => executing > 0);
        await sleep(Math.max(1, boundMs - usedMs()), { summary: 'time-out of the run' });
      }
    },
    watch: async (runId) => {
      for (;;) {
        await condition(() => hasNews);
        hasNews = false;
        const control = await keepBook('readControl', { runId, waits: [...open.values()] });
        isPaused = control.isPaused;
        for (const end of control.ended) if (open.has(keyOf(end))) ended.set(keyOf(end), end);
        leaveIfLong();
      }
    },
  };
}
