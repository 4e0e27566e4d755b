/** Options of {@link createBatcher}. */
export interface BatcherOptions<Item, Answer> {
  /** Writes the items in one statement and returns an answer for each, in their order. */
  readonly write: (items: readonly Item[]) => Promise<readonly Answer[]>;
  /** @default 200 */
  readonly maxItems?: number;
  /** Whether an error concerns the whole batch for reasons outside of it, so that single items would fail alike. */
  readonly isShared: (error: unknown) => boolean;
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Collects writes without a timer: one is sent at once when none is in flight, what comes meanwhile goes together with the
 * next. A promise resolves only after its batch has committed. When a batch is refused, its items are written one by one,
 * so that a poisoned one fails alone.
 */
export function createBatcher<Item, Answer>({
  write,
  maxItems = 200,
  isShared,
}: BatcherOptions<Item, Answer>): (item: Item) => Promise<Answer> {
  let waiting: Waiting<Item, Answer>[] = [];
  let isInFlight = false;

  const settle = async (batch: readonly Waiting<Item, Answer>[]): Promise<void> => {
    try {
      const answers = await write(batch.map(({ item }) => item));
      batch.forEach(({ resolve, reject }, index) => {
        const answer = answers[index];
        if (answer === undefined) reject(new Error('the database answered fewer items than it was given'));
        else resolve(answer);
      });
    } catch (error) {
      if (batch.length === 1 || isShared(error)) return batch.forEach(({ reject }) => reject(error));
      for (const single of batch) await settle([single]);
    }
    return undefined;
  };

  const flush = async (): Promise<void> => {
    if (isInFlight) return;
    isInFlight = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, maxItems);
      waiting = waiting.slice(maxItems);
      await settle(batch);
    }
    isInFlight = false;
  };

  return (item) =>
    new Promise<Answer>((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      // Behind the current turn of the event loop, so that what arrives together travels together.
      setImmediate(() => void flush());
    });
}
