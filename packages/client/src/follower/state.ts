import type { Ending, Numbered, Place } from './words.ts';

/** Everything that a follower knows. Never changed in place: `stepFollower` makes the next one. */
export interface FollowerState<Item extends Numbered> {
  /** Number of the last item handed out. Undefined: start wherever the line stands at the first look. */
  readonly at: number | undefined;
  /** The greatest number heard of. */
  readonly known: number;
  /** Heard of but behind a gap, in order. */
  readonly held: readonly Item[];
  /** The last item handed out closes the line. */
  readonly isAtEnd: boolean;
  readonly place: Place | undefined;
  /** State of the channel of each topic that was asked for. */
  readonly channels: Readonly<Record<string, 'joining' | 'joined' | 'down'>>;
  readonly isLooking: boolean;
  readonly isLookWanted: boolean;
  readonly isFetching: boolean;
  /** The number after which the fetch that is under way asks. */
  readonly fetchedAfter: number;
  readonly isResyncDue: boolean;
  /** Something may be missing: just joined, a gap, a loss. Cleared when a look found nothing more. */
  readonly isBehind: boolean;
  /** The consumer has too much unread: nothing is taken in. */
  readonly isFull: boolean;
  /** Without a channel, but the calls go through. */
  readonly isPolling: boolean;
  /** Failures of each call in a row. */
  readonly failures: Readonly<Record<'look' | 'fetch', number>>;
  readonly unauthenticatedCount: number;
  readonly joinCount: number;
  /** Why the last call failed. */
  readonly callReason: string | undefined;
  /** Why there is no channel. */
  readonly channelReason: string | undefined;
  /** `at` when the look was sent that is under way. */
  readonly atWhenLooking: number | undefined;
  readonly checkAtMs: number | undefined;
  readonly retryAtMs: number | undefined;
  readonly joinAtMs: number | undefined;
  readonly ending: Ending | undefined;
}

/** A follower that has done nothing yet; `after` is the last number that the consumer already has. */
export const startFollower = <Item extends Numbered>(after: number | undefined): FollowerState<Item> => ({
  at: after,
  known: after ?? 0,
  held: [],
  isAtEnd: false,
  place: undefined,
  channels: {},
  isLooking: false,
  isLookWanted: true,
  isFetching: false,
  fetchedAfter: 0,
  isResyncDue: false,
  isBehind: true,
  isFull: false,
  isPolling: false,
  failures: { look: 0, fetch: 0 },
  unauthenticatedCount: 0,
  joinCount: 0,
  callReason: undefined,
  channelReason: undefined,
  atWhenLooking: undefined,
  checkAtMs: undefined,
  retryAtMs: undefined,
  joinAtMs: undefined,
  ending: undefined,
});

/** Both topics that a place names. */
export const topicsOf = ({ topic, movesTopic }: Place): readonly string[] => [topic, movesTopic];

/** Whether messages arrive. */
export const isListening = ({ place, channels }: Pick<FollowerState<Numbered>, 'place' | 'channels'>): boolean =>
  place !== undefined && topicsOf(place).every((topic) => channels[topic] === 'joined');

/** Failures in a row, of both calls. */
export const countFailures = ({ failures }: Pick<FollowerState<Numbered>, 'failures'>): number => failures.look + failures.fetch;
