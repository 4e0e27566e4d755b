import { setTimeout as delay } from 'node:timers/promises';
import { describeError } from '../stack-error.ts';
import type { Database } from './database.ts';
import type { Log } from './throttled-log.ts';

/** Tells the database which tables somebody listens to. */
export interface Watches {
  /**
   * Resolves when every change that commits from now on will be captured, or when `patienceMs` are over: a transaction that
   * has written to the table keeps it waiting. Undoes itself when it fails. @default 15_000
   */
  add(entities: readonly number[], patienceMs?: number): Promise<void>;
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
const PATIENCE_MS = 15_000;
const WRITER_POLL_MS = 20;

const WRITERS = `
  select distinct virtualtransaction as id from pg_locks
  where locktype = 'relation' and database = (select oid from pg_database where datname = current_database())
    and relation = $1 and mode = 'RowExclusiveLock' and granted`;

export const createWatches = (ports: WatchesPorts): Watches => new TableWatches(ports);

class TableWatches implements Watches {
  readonly #database: Pick<Database, 'query'>;
  readonly #log: Log;
  readonly #lingerMs: number;
  /** How many listeners each table has. */
  readonly #counts = new Map<number, number>();
  readonly #watched = new Map<number, Promise<void>>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #queue: Promise<unknown> = Promise.resolve();

  constructor({ database, log, lingerMs = LINGER_MS }: WatchesPorts) {
    this.#database = database;
    this.#log = log;
    this.#lingerMs = lingerMs;
  }

  get count(): number {
    return this.#watched.size;
  }

  async add(entities: readonly number[], patienceMs = PATIENCE_MS): Promise<void> {
    for (const entity of entities) this.#counts.set(entity, (this.#counts.get(entity) ?? 0) + 1);
    try {
      await Promise.all(entities.map((entity) => this.#watch(entity, patienceMs)));
    } catch (error) {
      this.remove(entities);
      throw error;
    }
  }

  remove(entities: readonly number[]): void {
    for (const entity of entities) {
      const left = (this.#counts.get(entity) ?? 1) - 1;
      if (left > 0) this.#counts.set(entity, left);
      else {
        this.#counts.delete(entity);
        this.#linger(entity);
      }
    }
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#queue;
  }

  #watch(entity: number, patienceMs: number): Promise<void> {
    const known = this.#watched.get(entity);
    if (known !== undefined) return known;
    const done = this.#inTurn(async () => {
      await this.#database.query('insert into realtime.subscription (entity) values ($1) on conflict do nothing', [entity]);
    }).then(() => this.#outlastWriters(entity, patienceMs));
    this.#watched.set(entity, done);
    done.catch(() => this.#watched.delete(entity));
    return done;
  }

  /** A transaction that wrote before the row was there has captured nothing of it, and may commit only now. */
  async #outlastWriters(entity: number, patienceMs: number): Promise<void> {
    const find = async (): Promise<Set<string>> =>
      new Set((await this.#database.query<{ id: string }>(WRITERS, [entity])).map((row) => row.id));
    const early = await find();
    const deadlineMs = performance.now() + patienceMs;
    while (early.size > 0) {
      if (performance.now() > deadlineMs) {
        this.#log(`a transaction that wrote to table ${entity} stays open; what it wrote so far will not be announced`);
        return;
      }
      await delay(WRITER_POLL_MS);
      const now = await find();
      for (const id of early) if (!now.has(id)) early.delete(id);
    }
  }

  #linger(entity: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      if (!this.#counts.has(entity)) this.#unwatch(entity);
    }, this.#lingerMs).unref();
    this.#timers.add(timer);
  }

  #unwatch(entity: number): void {
    this.#inTurn(async () => {
      if (this.#counts.has(entity)) return;
      this.#watched.delete(entity);
      await this.#database.query('delete from realtime.subscription where entity = $1', [entity]);
    }).catch((error: unknown) => this.#log(`table ${entity} is still watched: ${describeError(error)}`));
  }

  /** One after the other: a row that goes must not take away the one that just came. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => {});
    return done;
  }
}
