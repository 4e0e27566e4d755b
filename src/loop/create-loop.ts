import { isPlatformError } from '@durabase/contracts';
import type { Log } from '../ports/log.ts';

/** How long a loop may rest after a pass. */
export interface Rest {
  readonly ms: number;
  /** News does not end the rest. @default false */
  readonly isDeaf?: boolean;
}

/** Options of {@link createLoop}. */
export interface LoopOptions {
  /** Beginning of the names of its log events. */
  readonly name: string;
  readonly pass: () => Promise<Rest>;
  readonly log: Log;
  /** Rest after a pass that failed, in milliseconds. @default 500 */
  readonly afterFailureMs?: number;
}

/** Something that is done again and again until it is stopped. */
export interface Loop {
  /** There are news: the next pass begins at once, or when a deaf rest is over. */
  wake(): void;
  /** Resolves when the pass that is under way has ended. */
  stop(): Promise<void>;
}

/** What happened, with what it came from: errors on our side say in public only that there was one. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
};

/** Starts the loop. A pass that throws is logged, and followed by another one. */
export function createLoop({ name, pass, log, afterFailureMs = 500 }: LoopOptions): Loop {
  let isStopped = false;
  let hasNews = false;
  let endRest: (() => void) | undefined;
  let isResting = false;

  const rest = ({ ms, isDeaf = false }: Rest): Promise<void> =>
    new Promise((resolve) => {
      if (isStopped || ms <= 0 || (hasNews && !isDeaf)) return resolve();
      const timer = setTimeout(() => endRest?.(), ms);
      isResting = !isDeaf;
      endRest = () => {
        clearTimeout(timer);
        endRest = undefined;
        isResting = false;
        resolve();
      };
      return undefined;
    });

  const run = async (): Promise<void> => {
    while (!isStopped) {
      hasNews = false;
      try {
        await rest(await pass());
      } catch (error) {
        const reason = reasonOf(error);
        if (isPlatformError(error) && error.retryable && error.code !== 'INTERNAL') log.warn(`${name}.waits`, { reason });
        else log.error(`${name}.failed`, { reason, stack: error instanceof Error ? error.stack : undefined });
        await rest({ ms: afterFailureMs, isDeaf: true });
      }
    }
  };
  const running = run();

  return {
    wake: () => {
      hasNews = true;
      if (isResting) endRest?.();
    },
    stop: async () => {
      isStopped = true;
      endRest?.();
      await running;
    },
  };
}
