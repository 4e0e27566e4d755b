import { connectionOf } from '../../../../packages/client/src/follower/connection.ts';
import { startFollower, type FollowerState } from '../../../../packages/client/src/follower/state.ts';
import { stepFollower } from '../../../../packages/client/src/follower/step-follower.ts';
import type { Command, FollowerRules, Input, Place } from '../../../../packages/client/src/follower/words.ts';

export interface Item {
  readonly seq: number;
  readonly isTerminal?: boolean;
}

export const RULES: FollowerRules<Item> = {
  isLast: (item) => item.isTerminal === true,
  slowCheckMs: 30_000,
  fastCheckMs: 2_000,
  settleMs: 3_000,
  firstBackOffMs: 500,
  longestBackOffMs: 30_000,
  replaceAfterMs: 30_000,
  maxHeld: 50,
};

export const itemsOf = (first: number, last: number): readonly Item[] =>
  Array.from({ length: last - first + 1 }, (_, index) => ({ seq: first + index }));

export const placeAt = (last: number, changes: Partial<Place> = {}): Place => ({
  topic: 'news:1',
  movesTopic: 'moves:1',
  last,
  hasEnded: false,
  ...changes,
});

/** A follower that is told what happens, and notes what it does. Jitter is off: random is ½, a factor of 0.75 or 1. */
export const createSubject = ({
  after,
  rules = RULES,
}: { readonly after?: number | undefined; readonly rules?: FollowerRules<Item> } = {}) => {
  let state: FollowerState<Item> = startFollower<Item>(after);
  let nowMs = 1_000_000;
  let timerAtMs: number | undefined;
  const emitted: number[] = [];
  const commands: Command<Item>[] = [];
  const tell = (input: Input<Item>): readonly Command<Item>[] => {
    const step = stepFollower(state, input, { rules, nowMs, random: 0.5 });
    ({ state, timerAtMs } = step);
    commands.push(...step.commands);
    for (const command of step.commands) if (command.type === 'emit') emitted.push(...command.items.map(({ seq }) => seq));
    return step.commands;
  };
  return {
    tell,
    emitted,
    commands,
    get state() {
      return state;
    },
    get connection() {
      return connectionOf(state)?.state;
    },
    get nextTryInMs() {
      const nextTryAt = connectionOf(state)?.nextTryAt;
      return nextTryAt === undefined ? undefined : nextTryAt.getTime() - nowMs;
    },
    get timerInMs() {
      return timerAtMs === undefined ? undefined : timerAtMs - nowMs;
    },
    /** Lets time pass, with a timer that is late. */
    skip: (ms: number): void => {
      nowMs += ms;
    },
    /** Lets time pass, and the timer ring if it was due. */
    pass: (ms: number): readonly Command<Item>[] => {
      nowMs += ms;
      return tell({ type: 'timer' });
    },
    /** A first look, both channels joined, caught up. */
    goLive: (last = 0) => {
      tell({ type: 'woken' });
      tell({ type: 'looked', place: placeAt(last) });
      tell({ type: 'joined', topic: 'news:1' });
      tell({ type: 'joined', topic: 'moves:1' });
      tell({ type: 'looked', place: placeAt(last) });
    },
  };
};
export type Subject = ReturnType<typeof createSubject>;
