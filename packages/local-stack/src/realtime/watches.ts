import { setTimeout as delay } from 'node:timers/promises';
import type { Database } from './database.ts';
import { describeError } from '../stack-error.ts';
import type { Log } from './throttled-log.ts';

/** Tells the database which tables somebody listens to. */
export interface Watches {
  /** Resolves when every change that commits from now on will be captured. Undoes itself when it fails. */
  add(entities: readonly number[]): Promise<void>;
  /** To be called once for each `add`. */
  remove(entities: readonly number[]): void;
  readonly count: number;
  close(): Promise<void>;
}

export interface WatchesPorts {
  readonly database: Pick<Database, 'query'>;
  readonly log: Log;
  /** How long a table stays watched after the last listener, in case one comes back. @default 30_000 */
  readonly lingerMs?: number;
}

const LINGER_MS = 30_000;
const WRITER_WAIT_MS = 15_000;
const WRITER_POLL_MS = 20;

const WRITERS = `
  select distinct virtualtransaction as id from pg_locks
  where locktype = 'relation' and database = (select oid from pg_database where datname = current_database())
    and relation = any ($1::oid[]) and mode = 'RowExclusiveLock' and granted`;

export const createWatches = ({ database, log, lingerMs = LINGER_MS }: WatchesPorts): Watches => {
  const counts = new Map<number, number>();
  const watched = new Map<number, Promise<void>>();
  const timers = new Set<NodeJS.Timeout>();
  let queue: Promise<unknown> = Promise.resolve();
  /** One after the other: a row that goes must not take away the one that just came. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = queue.then(work);
    queue = done.catch(() => {});
    return done;
  };
  const watch = (entity: number): Promise<void> => {
    const known = watched.get(entity);
    if (known !== undefined) return known;
    const done = inTurn(async () => {
      await database.query('insert into realtime.subscription (entity) values ($1) on conflict do nothing', [entity]);
    }).then(() => outlastWriters(entity));
    watched.set(entity, done);
    done.catch(() => watched.delete(entity));
    return done;
  };
  /** A transaction that wrote before the row was there has captured nothing of it, and may commit only now. */
  const outlastWriters = async (entity: number): Promise<void> => {
    const find = async (): Promise<Set<string>> =>
      new Set((await database.query<{ id: string }>(WRITERS, [[entity]])).map((row) => row.id));
    const early = await find();
    const deadlineMs = performance.now() + WRITER_WAIT_MS;
    while (early.size > 0) {
      if (performance.now() > deadlineMs) {
        log(`a transaction that wrote to table ${entity} stays open; what it wrote so far will not be announced`);
        return;
      }
      await delay(WRITER_POLL_MS);
      const now = await find();
      for (const id of early) if (!now.has(id)) early.delete(id);
    }
  };
  const unwatch = (entity: number): void => {
    inTurn(async () => {
      if (counts.has(entity)) return;
      watched.delete(entity);
      await database.query('delete from realtime.subscription where entity = $1', [entity]);
    }).catch((error: unknown) => log(`table ${entity} is still watched: ${describeError(error)}`));
  };
  const linger = (entity: number): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (!counts.has(entity)) unwatch(entity);
    }, lingerMs).unref();
    timers.add(timer);
  };
  const remove = (entities: readonly number[]): void => {
    for (const entity of entities) {
      const left = (counts.get(entity) ?? 1) - 1;
      if (left > 0) counts.set(entity, left);
      else {
        counts.delete(entity);
        linger(entity);
      }
    }
  };
  return {
    add: async (entities) => {
      for (const entity of entities) counts.set(entity, (counts.get(entity) ?? 0) + 1);
      try {
        await Promise.all(entities.map(watch));
      } catch (error) {
        remove(entities);
        throw error;
      }
    },
    remove,
    get count() {
      return watched.size;
    },
    close: async () => {
      for (const timer of timers) clearTimeout(timer);
      await queue;
    },
  };
};
