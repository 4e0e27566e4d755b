import { countFailures, isListening, type FollowerState } from './state.ts';
import type { Numbered } from './words.ts';

/**
 * How a watch stands, in words for the screen.
 *
 * - `live`: everything is here, and what comes is heard at once
 * - `catching up`: connected, fetching what came before
 * - `reconnecting`: neither socket nor calls work at the moment
 * - `polling`: the socket cannot be had, so it asks every few seconds
 * - `signed out`: nobody is signed in any more; the watch has ended
 * - `no access`: the user may not see this, or no longer; the watch has ended
 */
export type ConnectionState = 'live' | 'catching up' | 'reconnecting' | 'polling' | 'signed out' | 'no access';

/** How a watch stands, and why. */
export interface Connection {
  readonly state: ConnectionState;
  /** Why it is not live, for people. */
  readonly reason?: string;
  /** When it tries again by itself, while it does not work. */
  readonly nextTryAt?: Date;
}

/** From the worst to the best: of several lines the worst counts. */
const RANKS: readonly ConnectionState[] = ['signed out', 'no access', 'reconnecting', 'polling', 'catching up', 'live'];

/** The worst of several; `catching up` of none. */
export const worstConnection = (connections: readonly Connection[]): Connection => {
  const [worst] = [...connections].sort((left, right) => RANKS.indexOf(left.state) - RANKS.indexOf(right.state));
  return worst ?? { state: 'catching up' };
};

/** How a follower stands; undefined: it has come to its end, and what was said last still holds. */
export const connectionOf = <Item extends Numbered>(state: FollowerState<Item>): Connection | undefined => {
  const { ending, callReason, channelReason, isPolling, isBehind } = state;
  if (ending !== undefined) return connectionAtEnd(ending);
  if (countFailures(state) > 0) return describe('reconnecting', callReason, state.retryAtMs);
  if (isListening(state)) return { state: isBehind ? 'catching up' : 'live' };
  if (channelReason === undefined) return { state: 'catching up' };
  return describe(isPolling ? 'polling' : 'reconnecting', channelReason, state.checkAtMs);
};

const connectionAtEnd = (ending: NonNullable<FollowerState<Numbered>['ending']>): Connection | undefined => {
  switch (ending.kind) {
    case 'signed out':
      return { state: 'signed out', reason: 'nobody is signed in any more' };
    case 'no access':
    case 'failed':
      return { state: 'no access', reason: ending.reason };
    case 'done':
    case 'stopped':
      return undefined;
  }
};

const describe = (state: ConnectionState, reason: string | undefined, nextTryAtMs: number | undefined): Connection => ({
  state,
  ...(reason === undefined ? {} : { reason }),
  ...(nextTryAtMs === undefined ? {} : { nextTryAt: new Date(nextTryAtMs) }),
});

/** Whether two say the same to people. */
export const isSameConnection = (left: Connection, right: Connection): boolean =>
  left.state === right.state && left.reason === right.reason && left.nextTryAt?.getTime() === right.nextTryAt?.getTime();
