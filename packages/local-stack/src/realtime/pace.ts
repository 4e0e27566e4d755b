import { describeError } from '../stack-error.ts';
import type { Database } from './database.ts';
import { createRate } from './rate.ts';
import type { Log } from './throttled-log.ts';

/** When to look into the outboxes: at each notification while there are few, all the time while there are many. */
export interface Pace {
  /** To be called at each notification. */
  notified(): void;
  /** To be called when something was taken. */
  taken(): void;
  stop(): void;
}

export interface PacePorts {
  readonly database: Pick<Database, 'query'>;
  readonly wake: () => void;
  readonly log: Log;
}

/** More notifications in a second are a crowd. */
const CROWD = 100;
const POLL_MS = 15;
const QUIET_MS = 1_000;
/** Who has read that nobody needs waking may commit a little later: so long it goes on after it has said otherwise. */
const AFTERMATH_MS = 1_000;

export const createPace = ({ database, wake, log }: PacePorts): Pace => {
  const notifications = createRate(CROWD);
  let timer: NodeJS.Timeout | undefined;
  let isAnnounced = false;
  let isAnnouncing = false;
  let announcedAtMs = 0;
  let takenAtMs = 0;
  const announce = async (isPolled: boolean): Promise<void> => {
    if (isAnnouncing) return;
    isAnnouncing = true;
    try {
      await database.query('update realtime.subscription set is_polled = $1 where is_polled <> $1', [isPolled]);
      isAnnounced = isPolled;
      announcedAtMs = performance.now();
    } catch (error) {
      // The next look tries again; until then it goes on looking.
      log(`writers do not know whether to notify: ${describeError(error)}`);
    } finally {
      isAnnouncing = false;
    }
  };
  const look = (): void => {
    wake();
    const nowMs = performance.now();
    if (isAnnounced && nowMs - takenAtMs > QUIET_MS) void announce(false);
    else if (!isAnnounced && !isAnnouncing && nowMs - announcedAtMs > AFTERMATH_MS) {
      clearInterval(timer);
      timer = undefined;
    }
  };
  return {
    notified: () => {
      wake();
      if (isAnnounced || notifications.take()) return;
      takenAtMs = performance.now();
      announcedAtMs = takenAtMs;
      void announce(true);
      timer ??= setInterval(look, POLL_MS).unref();
    },
    taken: () => {
      takenAtMs = performance.now();
    },
    stop: () => clearInterval(timer),
  };
};
