import { describeError } from '../stack-error.ts';
import type { Log } from './throttled-log.ts';

/** Empties an outbox whenever it is woken; one pass at a time. */
export interface Drain {
  wake(): void;
  /** Resolves when what was there at the call has been handled. */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

export interface DrainOptions<Row> {
  readonly name: string;
  /** Takes what is there, at most `batchSize` rows, in order. */
  readonly take: (batchSize: number) => Promise<readonly Row[]>;
  readonly handle: (rows: readonly Row[]) => void | Promise<void>;
  readonly batchSize: number;
  readonly onTaken: () => void;
  readonly log: Log;
}

export const createDrain = <Row>({ name, take, handle, batchSize, onTaken, log }: DrainOptions<Row>): Drain => {
  let running: Promise<void> | undefined;
  let isWanted = false;
  let isStopped = false;
  const pass = async (): Promise<void> => {
    while (isWanted && !isStopped) {
      isWanted = false;
      try {
        const rows = await take(batchSize);
        if (rows.length > 0) {
          isWanted = true;
          onTaken();
          await handle(rows);
        }
      } catch (error) {
        // The next wake, a second later at most, tries again; a lost database ends the process.
        log(`${name} could not be taken: ${describeError(error)}`);
      }
    }
    running = undefined;
  };
  const wake = (): void => {
    isWanted = true;
    running ??= pass();
  };
  return {
    wake,
    settle: async () => {
      wake();
      await running;
    },
    stop: async () => {
      isStopped = true;
      await running;
    },
  };
};
