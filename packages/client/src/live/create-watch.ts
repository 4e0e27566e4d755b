import type { Connection } from '../follower/connection.ts';
import { createItemQueue, type ItemQueue } from './item-queue.ts';

/**
 * Something that is being watched. Iterate it once, with `for await`; leaving the loop stops it. Errors end the loop by
 * being thrown: `NO_ACCESS`, `SIGNED_OUT`, `CLOSED`, or the reason of the `signal`.
 */
export interface Watch<Item> extends AsyncIterable<Item> {
  /** How it stands at this moment. */
  readonly connection: Connection;
  /**
   * Resolves when it has come to its end or was stopped; with a callback for items, when that has had the last one.
   * Rejects with the error that ended it. Needs not be awaited.
   */
  readonly done: Promise<void>;
  /** Stops it; what was not read yet is dropped. Harmless when repeated. */
  stop(): void;
}

/** What every watch can be told. */
export interface WatchOptions {
  /** Stops the watch; the loop then throws its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Hears of every change of `connection`, the first one included. */
  readonly onConnection?: ((connection: Connection) => void) | undefined;
  /** With a callback for items: hears of the error that ended the watch. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /**
   * How many items may be unread. Beyond it nothing more is taken in, only numbers are remembered, and what was left out
   * is fetched when half of them are read: memory stays bounded however slow the consumer is. @default 1_000
   */
  readonly maxUnread?: number | undefined;
}

/** The producing side of a watch, for who starts it. */
export interface WatchSource<Item> {
  readonly queue: ItemQueue<Item>;
  showConnection(connection: Connection): void;
  /** It is over: by itself, or with an error. */
  end(error?: unknown): void;
}

/** What was started. */
export interface Producer {
  tell(what: 'filled' | 'drained' | 'stopped'): void;
}

export interface CreateWatch<Item> {
  readonly options: WatchOptions;
  readonly start: (source: WatchSource<Item>) => Producer;
  readonly onOpen: (stop: (error: Error) => void) => () => void;
  /** Takes items as they come, in place of the loop. */
  readonly onItem?: ((item: Item) => unknown) | undefined;
  /** Work on items that waits, before they are handed out. */
  readonly prepare?: (items: readonly Item[], signal: AbortSignal) => Promise<readonly Item[]>;
}

export const createWatch = <Item>({ options, start, onOpen, onItem, prepare }: CreateWatch<Item>): Watch<Item> => {
  const { signal, onConnection, maxUnread: bound = 1_000 } = options;
  const cut = new AbortController();
  const ended = createEnding();
  let connection: Connection = { state: 'catching up' };
  const queue = createItemQueue<Item>({
    bound,
    onFull: () => producer.tell('filled'),
    onDrained: () => producer.tell('drained'),
  });
  const close = (error?: unknown): void => {
    queue.cut(error);
    cut.abort();
    settle(error);
    producer.tell('stopped');
  };
  const settle = (error?: unknown): void => {
    signal?.removeEventListener('abort', onAbort);
    forget();
    ended.settle(error);
  };
  const onAbort = (): void => close(signal?.reason);
  const forget = onOpen(close);
  const producer = start({
    queue,
    showConnection: (next) => {
      connection = next;
      try {
        onConnection?.(next);
      } catch (error) {
        close(error); // the app's own code failed: the loop and `done` tell it
      }
    },
    end: (error) => {
      queue.end(error);
      if (onItem === undefined) settle(error);
    },
  });
  const iterator = iterate({ queue, prepare, signal: cut.signal, stop: close });
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener('abort', onAbort);
  if (onItem !== undefined) void pump(iterator, onItem).then(settle, settleWith(options, close));
  return {
    get connection() {
      return connection;
    },
    done: ended.promise,
    stop: () => close(),
    [Symbol.asyncIterator]: () => iterator,
  };
};

const settleWith =
  ({ onError }: WatchOptions, close: (error: unknown) => void) =>
  (error: unknown): void => {
    close(error);
    onError?.(error);
  };

/** A promise that nobody has to await. */
const createEnding = () => {
  let settle = (_error?: unknown): void => {};
  const promise = new Promise<void>((resolve, reject) => {
    settle = (error) => (error === undefined ? resolve() : reject(error as Error));
  });
  promise.catch(() => {}); // whoever awaits it hears of it; the loop throws it anyway
  return { promise, settle: (error?: unknown) => settle(error) };
};

const pump = async <Item>(iterator: AsyncIterator<Item>, onItem: (item: Item) => unknown): Promise<void> => {
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) await onItem(next.value);
};

interface Iterate<Item> {
  readonly queue: ItemQueue<Item>;
  readonly prepare: CreateWatch<Item>['prepare'];
  readonly signal: AbortSignal;
  readonly stop: (error?: unknown) => void;
}

/** One item at a time, in order, also for a consumer that asks for several at once. */
const iterate = <Item>({ queue, prepare, signal, stop }: Iterate<Item>): AsyncIterator<Item> => {
  let batch: readonly Item[] = [];
  let index = 0;
  let isOver = false;
  let turn: Promise<unknown> = Promise.resolve();
  const fill = async (): Promise<void> => {
    const taken = await queue.take();
    isOver = taken === undefined;
    if (taken === undefined || signal.aborted) return;
    batch = prepare === undefined ? taken : await prepare(taken, signal);
    index = 0;
  };
  const pull = async (): Promise<IteratorResult<Item>> => {
    while (!isOver && !signal.aborted && index >= batch.length) {
      await fill().catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    }
    // It was cut: the queue knows why, and throws it.
    if (signal.aborted && !isOver) isOver = (await queue.take()) === undefined;
    const item = batch[index];
    if (isOver || item === undefined) return { done: true, value: undefined };
    index += 1;
    return { done: false, value: item };
  };
  return {
    next: () => {
      const next = turn.then(pull).catch((error: unknown) => {
        const wasOver = isOver;
        isOver = true;
        if (!wasOver) {
          stop(error);
          throw error;
        }
        return { done: true as const, value: undefined };
      });
      turn = next.catch(() => {});
      return next;
    },
    return: async () => {
      isOver = true;
      stop();
      return { done: true, value: undefined };
    },
  };
};
