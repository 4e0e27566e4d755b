import { afterAll } from '@jest/globals';

export interface Comparisons {
  /** Counts one comparison, and notes it if the two differ. */
  compare(what: string, seen: unknown, reference: unknown): void;
  /** What differed since the last call. */
  takeDifferences(): readonly string[];
}

/** Counts what a file of the matrix compares, and prints the count at its end. */
export const useComparisons = (name: string): Comparisons => {
  let count = 0;
  let differenceCount = 0;
  let differences: string[] = [];
  afterAll(() => {
    process.stdout.write(`access matrix, ${name}: ${count} comparisons, ${differenceCount} differences\n`);
  });
  return {
    compare: (what, seen, reference) => {
      count += 1;
      const [left, right] = [toText(seen), toText(reference)];
      if (left === right) return;
      differenceCount += 1;
      differences.push(`${what}: ${shorten(left)} instead of ${shorten(right)}`);
    },
    takeDifferences: () => {
      const taken = differences;
      differences = [];
      return taken;
    },
  };
};

/** The order of an object's keys says nothing. */
const toText = (value: unknown): string | undefined =>
  JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([left], [right]) => (left < right ? -1 : 1)))
      : inner,
  );

const shorten = (text: string | undefined): string => (text ?? 'nothing').slice(0, 300);
