/** Items between a producer that does not wait and one consumer that does. */
export interface ItemQueue<Item> {
  push(items: readonly Item[]): void;
  /** Nothing more comes: the consumer gets what is there, then the end, or the error. */
  end(error?: unknown): void;
  /** Ends it at once: what is there is dropped. */
  cut(error?: unknown): void;
  /** Everything that is there, at least one; undefined at the end. Throws the error that it was ended with. */
  take(): Promise<readonly Item[] | undefined>;
}

export interface ItemQueueOptions {
  /** From so many unread items on the producer is asked to stop. */
  readonly bound: number;
  readonly onFull: () => void;
  /** Half of them are read, or all. */
  readonly onDrained: () => void;
}

/** How many items the consumer is given at a time. */
const BATCH = 100;

export const createItemQueue = <Item>({ bound, onFull, onDrained }: ItemQueueOptions): ItemQueue<Item> => {
  let items: Item[] = [];
  let isFull = false;
  let ending: { readonly error?: unknown } | undefined;
  let wake = (): void => {};
  const end = (error?: unknown): void => {
    ending ??= error === undefined ? {} : { error };
    wake();
  };
  const noteTaken = (): void => {
    if (!isFull || items.length > bound / 2) return;
    isFull = false;
    onDrained();
  };
  return {
    push: (more) => {
      if (ending !== undefined) return;
      for (const item of more) items.push(item);
      wake();
      if (isFull || items.length < bound) return;
      isFull = true;
      onFull();
    },
    end,
    cut: (error) => {
      items = [];
      end(error);
    },
    take: async () => {
      while (items.length === 0 && ending === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const batch = items.splice(0, BATCH);
      noteTaken();
      if (batch.length > 0) return batch;
      if (ending !== undefined && 'error' in ending) throw ending.error;
      return undefined;
    },
  };
};
