/** Does the work when its turn has come. */
export type InTurn = <Result>(work: () => Promise<Result>) => Promise<Result>;

/** At most `count` pieces of work at a time, in the order in which they came. */
export function createTurns(count: number): InTurn {
  const waiting: (() => void)[] = [];
  let freeCount = count;
  return async (work) => {
    if (freeCount > 0) freeCount -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) freeCount += 1;
      else next();
    }
  };
}
