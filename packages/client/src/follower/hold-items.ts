import type { Numbered } from './words.ts';

/** Adds items to those that wait, in order, each number once, none up to `at`. */
export const holdItems = <Item extends Numbered>(held: readonly Item[], items: readonly Item[], at: number): readonly Item[] => {
  const fresh = items.filter((item) => item.seq > at);
  const last = held.at(-1)?.seq ?? at;
  // The usual case: everything is new and follows.
  if (fresh.every((item, index) => item.seq > (fresh[index - 1]?.seq ?? last))) return [...held, ...fresh];
  const bySeq = new Map([...held, ...fresh].map((item) => [item.seq, item]));
  return [...bySeq.values()].sort((left, right) => left.seq - right.seq);
};

/** How many of the items that wait follow `at` without a gap. */
export const countReady = (held: readonly Numbered[], at: number): number => {
  const gap = held.findIndex((item, index) => item.seq !== at + 1 + index);
  return gap === -1 ? held.length : gap;
};
