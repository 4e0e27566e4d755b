import { condition, sleep } from '@temporalio/workflow';

/** Time in which at least one activity runs, in milliseconds. */
export interface Stopwatch {
  /** Counts the time until `work` ends. */
  execute<Result>(work: () => Promise<Result>): Promise<Result>;
  /** So far. */
  usedMs(): number;
  /** Resolves when the time has reached the bound. */
  usedUp(boundMs: number): Promise<void>;
  /** Goes on from what was used before. */
  start(fromMs: number): void;
}

/** See {@link Stopwatch}. */
export function createStopwatch(): Stopwatch {
  let executing = 0;
  let spentMs = 0;
  let sinceMs = 0;
  const usedMs = (): number => spentMs + (executing > 0 ? Date.now() - sinceMs : 0);
  return {
    start: (fromMs) => {
      spentMs = fromMs;
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
    usedUp: async (boundMs) => {
      // The timer runs on while nothing executes; what is left then is waited for again.
      while (usedMs() < boundMs) {
        await condition(() => executing > 0);
        await sleep(Math.max(1, boundMs - usedMs()), { summary: 'time-out of the run' });
      }
    },
  };
}
