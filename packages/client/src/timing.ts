import type { FollowerRules, Numbered } from './follower/words.ts';

/** How often and how patiently a client asks. All times in milliseconds; jitter is added. The defaults suit browsers. */
export interface Timing {
  /** How often a watch looks whether it missed something while it is live. @default 30_000 */
  readonly slowCheckMs?: number;
  /** How often it looks while there is no socket. @default 2_000 */
  readonly fastCheckMs?: number;
  /** First wait after a failed call; doubled each time. @default 500 */
  readonly firstBackOffMs?: number;
  /** Longest wait after failed calls. @default 30_000 */
  readonly longestBackOffMs?: number;
  /** A call without an answer counts as failed after so long. @default 20_000 */
  readonly callTimeoutMs?: number;
}

/** Every time that the client uses. */
export type ResolvedTiming = Required<Timing> & Pick<FollowerRules<Numbered>, 'settleMs' | 'replaceAfterMs'>;

export const resolveTiming = (timing: Timing = {}): ResolvedTiming => ({
  slowCheckMs: timing.slowCheckMs ?? 30_000,
  fastCheckMs: timing.fastCheckMs ?? 2_000,
  firstBackOffMs: timing.firstBackOffMs ?? 500,
  longestBackOffMs: timing.longestBackOffMs ?? 30_000,
  callTimeoutMs: timing.callTimeoutMs ?? 20_000,
  settleMs: 3_000,
  replaceAfterMs: 30_000,
});

/** Items that may wait behind a gap; what is beyond is fetched again. */
const MAX_HELD = 1_000;

export const rulesOf = <Item extends Numbered>(
  { slowCheckMs, fastCheckMs, firstBackOffMs, longestBackOffMs, settleMs, replaceAfterMs }: ResolvedTiming,
  isLast?: (item: Item) => boolean,
): FollowerRules<Item> => ({
  slowCheckMs,
  fastCheckMs,
  firstBackOffMs,
  longestBackOffMs,
  settleMs,
  replaceAfterMs,
  maxHeld: MAX_HELD,
  ...(isLast === undefined ? {} : { isLast }),
});
