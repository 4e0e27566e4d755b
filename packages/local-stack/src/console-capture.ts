import { AsyncLocalStorage } from 'node:async_hooks';
import { format } from 'node:util';

const LEVELS = ['error', 'warn', 'info', 'log'] as const;

export interface ConsoleCapture {
  /** What `work` and everything it waits for writes to the console goes to the sink. */
  readonly run: <T>(work: () => T) => T;
  readonly restore: () => void;
}

/** lite reports errors by console.error only. Whatever else runs in this process keeps its console. */
export const captureConsole = (sink: (text: string) => void): ConsoleCapture => {
  const inside = new AsyncLocalStorage<true>();
  const restorers = LEVELS.map((level) => {
    const original = console[level];
    const redirected = (...values: readonly unknown[]): void => {
      if (inside.getStore() === true) sink(format(...values));
      else original(...values);
    };
    console[level] = redirected;
    return () => {
      // A later capture stands on top of this one: it goes on calling through.
      if (console[level] === redirected) console[level] = original;
    };
  });
  return {
    run: (work) => inside.run(true, work),
    restore: () => {
      for (const restore of restorers) restore();
    },
  };
};
