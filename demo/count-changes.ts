import type { FeedItem } from '@durabase/client';

/** A change as the database keeps it. */
export interface KeptChange {
  readonly seq: number;
  readonly kind: string;
  readonly id: string;
  readonly version: number;
  readonly state: string | null;
}

/** What a subscriber was handed, compared with what the database keeps. */
export interface Tally {
  readonly name: string;
  readonly changeCount: number;
  /** 0: none came. */
  readonly first: number;
  readonly last: number;
  readonly missingCount: number;
  readonly doubledCount: number;
  /** Empty: every change came once, in order, as it is kept. */
  readonly problems: readonly string[];
}

/** Changes that came after the database was asked are left out. */
export function countChanges(name: string, items: readonly FeedItem[], kept: readonly KeptChange[]): Tally {
  const end = kept.at(-1)?.seq ?? 0;
  const changes = items.filter((item) => item.type === 'change').filter(({ seq }) => seq <= end);
  const numbers = changes.map(({ seq }) => seq);
  const contents = new Map(kept.map((change) => [change.seq, contentOf(change)]));
  const missing = [...contents.keys()].filter((seq) => !numbers.includes(seq));
  const doubled = numbers.filter((seq, index) => numbers.indexOf(seq) !== index);
  const early = numbers.filter((seq, index) => seq < (numbers[index - 1] ?? 0));
  const different = changes.filter((change) => contents.get(change.seq) !== contentOf(change));
  const resyncs = items.filter((item) => item.type === 'resync');
  return {
    name,
    changeCount: changes.length,
    first: numbers[0] ?? 0,
    last: numbers.at(-1) ?? 0,
    missingCount: missing.length,
    doubledCount: doubled.length,
    problems: [
      ...describe('missing', missing),
      ...describe('doubled', doubled),
      ...describe('late', early),
      ...describe(
        'not as it is kept',
        different.map(({ seq }) => seq),
      ),
      ...resyncs.map(({ after, reason }) => `it had to begin anew after ${after}: ${reason}`),
    ],
  };
}

const contentOf = ({ kind, id, version, state }: Omit<KeptChange, 'seq'>): string => `${kind} ${id} ${version} ${state}`;

const describe = (what: string, numbers: readonly number[]): readonly string[] =>
  numbers.length === 0 ? [] : [`${what}: ${toRanges(numbers).join(', ')}`];

/** Numbers that follow each other are put together. */
function toRanges(numbers: readonly number[]): readonly string[] {
  const begins = numbers.filter((number, index) => numbers[index - 1] !== number - 1);
  const ends = numbers.filter((number, index) => numbers[index + 1] !== number + 1);
  return begins.map((begin, index) => (begin === ends[index] ? `${begin}` : `${begin}…${ends[index]}`));
}
