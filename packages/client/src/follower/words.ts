/** Something that has a number in a line of numbers without a gap. */
export interface Numbered {
  readonly seq: number;
}

/** Where a line stands, as the database says, and on which topics its news are told. */
export interface Place {
  readonly topic: string;
  readonly movesTopic: string;
  /** The greatest number so far; 0: none. */
  readonly last: number;
  /** Nothing more will come by itself: a run that has ended. */
  readonly hasEnded: boolean;
}

/** A token may be renewed at this very moment; after so many refusals in a row nobody is signed in. */
export const MAX_UNAUTHENTICATED = 3;

/** How a call that may succeed later went wrong. */
export type Trouble = 'unreachable' | 'unauthenticated' | 'permanent';

/** What happens to a follower. Every `look` is answered by looked, refused or failed; every `fetch` by fetched, pruned or failed. */
export type Input<Item extends Numbered> =
  | { readonly type: 'looked'; readonly place: Place }
  | { readonly type: 'refused'; readonly error: unknown; readonly reason: string }
  | { readonly type: 'fetched'; readonly items: readonly Item[] }
  | { readonly type: 'pruned' }
  | {
      readonly type: 'failed';
      readonly call: 'look' | 'fetch';
      readonly trouble: Trouble;
      readonly error: unknown;
      readonly reason: string;
    }
  | { readonly type: 'joined'; readonly topic: string }
  | { readonly type: 'join-refused'; readonly topic: string; readonly reason: string }
  /** The channel is down and joins again by itself. */
  | { readonly type: 'lost'; readonly topic: string; readonly reason: string }
  /** The channel is gone for good. */
  | { readonly type: 'closed'; readonly topic: string; readonly reason: string }
  /** `items` are all from the first of them up to `last`, or absent: then there is only the number. */
  | { readonly type: 'heard'; readonly last: number; readonly items?: readonly Item[] }
  | { readonly type: 'moved' }
  /** The page is visible again, the network is back, the token is new. */
  | { readonly type: 'woken' }
  | { readonly type: 'timer' }
  /** The consumer has too much unread. */
  | { readonly type: 'filled' }
  | { readonly type: 'drained' }
  | { readonly type: 'signed-out' }
  | { readonly type: 'stopped' };

/** What a follower wants done. */
export type Command<Item extends Numbered> =
  | { readonly type: 'look' }
  | { readonly type: 'fetch'; readonly after: number }
  | { readonly type: 'join'; readonly topic: string }
  | { readonly type: 'leave'; readonly topic: string }
  | { readonly type: 'emit'; readonly items: readonly Item[] }
  /** Numbers were forgotten: what comes next follows `after`. */
  | { readonly type: 'resync'; readonly after: number };

/** Why a follower does nothing any more. */
export type Ending =
  | { readonly kind: 'done' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'signed out' }
  | { readonly kind: 'no access'; readonly error: unknown; readonly reason: string }
  | { readonly kind: 'failed'; readonly error: unknown; readonly reason: string };

/** Chance and time, given from outside. */
export interface Circumstances {
  readonly nowMs: number;
  /** At least 0, less than 1. */
  readonly random: number;
}

/** What differs between lines. All times in milliseconds. */
export interface FollowerRules<Item extends Numbered> {
  /** Whether the line ends with this item, if none comes after it. */
  readonly isLast?: (item: Item) => boolean;
  /** How often to look while the channels are joined. */
  readonly slowCheckMs: number;
  /** How often to look while they are not. */
  readonly fastCheckMs: number;
  /** How long after joining to look once more: the first messages of a fresh server may vanish. */
  readonly settleMs: number;
  readonly firstBackOffMs: number;
  readonly longestBackOffMs: number;
  /** A channel that does not come back for so long is replaced. */
  readonly replaceAfterMs: number;
  /** Items that may wait behind a gap; above it only numbers are kept. */
  readonly maxHeld: number;
}
