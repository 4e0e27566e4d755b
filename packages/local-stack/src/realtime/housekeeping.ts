import { describeError } from '../stack-error.ts';
import type { Connection } from './connection.ts';
import type { Database } from './database.ts';
import type { RealtimeLimits } from './limits.ts';
import type { Log } from './throttled-log.ts';

export interface HousekeepingPorts {
  readonly database: Pick<Database, 'query'>;
  readonly connections: ReadonlySet<Connection>;
  /** Looks into the outboxes: a notification may have been missed. */
  readonly wake: () => void;
  /** Whether nobody listens to anything. */
  readonly isIdle: () => boolean;
  readonly limits: Pick<RealtimeLimits, 'silenceMs'>;
  readonly log: Log;
}

export interface Housekeeping {
  stop(): void;
}

const WAKE_MS = 1_000;
const PRUNE_MS = 300_000;
const PRUNE_BATCH = 5_000;

const PRUNE = `
  delete from realtime.messages where ctid = any (array(
    select ctid from realtime.messages where inserted_at < now() at time zone 'utc' - interval '1 hour' limit ${PRUNE_BATCH}))
  returning 1`;

/** What has to happen from time to time. */
export const startHousekeeping = (ports: HousekeepingPorts): Housekeeping => {
  const { database, connections, wake, isIdle, limits, log } = ports;
  const cutSilent = (): void => {
    const nowMs = performance.now();
    for (const connection of connections)
      if (nowMs - connection.heardAtMs > limits.silenceMs) connection.cut(`nothing came from it for ${limits.silenceMs} ms`);
  };
  const prune = async (): Promise<void> => {
    try {
      while ((await database.query(PRUNE)).length === PRUNE_BATCH);
    } catch (error) {
      log(`old messages are not pruned: ${describeError(error)}`);
    }
  };
  const timers = [
    setInterval(() => {
      if (!isIdle()) wake();
    }, WAKE_MS),
    setInterval(cutSilent, Math.max(50, limits.silenceMs / 6)),
    setInterval(() => void prune(), PRUNE_MS),
  ];
  for (const timer of timers) timer.unref();
  void prune();
  return {
    stop: () => {
      for (const timer of timers) clearInterval(timer);
    },
  };
};
