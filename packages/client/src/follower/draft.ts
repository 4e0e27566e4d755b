import { backOffMs } from './back-off.ts';
import { countFailures, isListening, type FollowerState } from './state.ts';
import type { Circumstances, Command, Ending, FollowerRules, Numbered } from './words.ts';

/** A follower's next state while a step makes it, with what it wants done. */
export type Draft<Item extends Numbered> = { -readonly [Key in keyof FollowerState<Item>]: FollowerState<Item>[Key] } & {
  readonly commands: Command<Item>[];
};

/** What every part of a step may look at. */
export interface Turn<Item extends Numbered> extends Circumstances {
  readonly rules: FollowerRules<Item>;
}

export const backOff = <Item extends Numbered>(tries: number, { rules, random }: Turn<Item>): number =>
  backOffMs(tries, { firstMs: rules.firstBackOffMs, longestMs: rules.longestBackOffMs, random });

/** A call failed: no other one before some time has passed, and then a look as well. */
export const noteFailure = <Item extends Numbered>(
  draft: Draft<Item>,
  call: 'look' | 'fetch',
  { reason, turn }: { readonly reason: string; readonly turn: Turn<Item> },
): void => {
  draft.failures = { ...draft.failures, [call]: draft.failures[call] + 1 };
  draft.callReason = reason;
  draft.retryAtMs = turn.nowMs + backOff(draft.failures[call], turn);
  draft.isLookWanted = true;
};

/** While the other call fails its wait still holds: one that works must not make the other one haste. */
export const noteSuccess = <Item extends Numbered>(draft: Draft<Item>, call: 'look' | 'fetch'): void => {
  draft.failures = { ...draft.failures, [call]: 0 };
  draft.unauthenticatedCount = 0;
  if (countFailures(draft) > 0) return;
  draft.callReason = undefined;
  draft.retryAtMs = undefined;
};

/** Looks again at this time at the latest. */
export const checkBefore = <Item extends Numbered>(draft: Draft<Item>, atMs: number): void => {
  draft.checkAtMs = Math.min(draft.checkAtMs ?? Number.POSITIVE_INFINITY, atMs);
};

export const setChannel = <Item extends Numbered>(
  draft: Draft<Item>,
  topic: string,
  state: 'joining' | 'joined' | 'down' | undefined,
): void => {
  const { [topic]: _, ...others } = draft.channels;
  draft.channels = state === undefined ? others : { ...others, [topic]: state };
  if (!isListening(draft)) return;
  draft.joinAtMs = undefined;
  draft.channelReason = undefined;
  draft.isPolling = false;
};

/** Nothing more happens; every channel is left. */
export const endFollower = <Item extends Numbered>(draft: Draft<Item>, ending: Ending): void => {
  for (const topic of Object.keys(draft.channels)) draft.commands.push({ type: 'leave', topic });
  Object.assign(draft, { channels: {}, held: [], ending });
};
