import { aroundMs } from './back-off.ts';
import { endFollower, noteSuccess, setChannel, type Draft, type Turn } from './draft.ts';
import { countReady } from './hold-items.ts';
import { isListening, topicsOf, type FollowerState } from './state.ts';
import { takeFailure, takeItems, takePlace } from './take-answer.ts';
import { isOurs, noteTime, takeClose, takeJoin, takeLoss, takeMessage, takeRefusedJoin, takeWakeUp } from './take-news.ts';
import type { Circumstances, Command, FollowerRules, Input, Numbered } from './words.ts';

/** What comes of an input. */
export interface Step<Item extends Numbered> {
  readonly state: FollowerState<Item>;
  readonly commands: readonly Command<Item>[];
  /**
   * When the next `timer` is due; it may be over by the time that the commands are carried out. Undefined: whatever comes
   * next comes from outside.
   */
  readonly timerAtMs: number | undefined;
}

/**
 * Follows a line of numbers without a gap: whatever is lost, doubled, delayed or reordered on the wire, what it emits is
 * the next number, and the next. Messages are hints; the truth is fetched.
 */
export const stepFollower = <Item extends Numbered>(
  state: FollowerState<Item>,
  input: Input<Item>,
  { rules, ...circumstances }: Circumstances & { readonly rules: FollowerRules<Item> },
): Step<Item> => {
  if (state.ending !== undefined) return { state, commands: [], timerAtMs: undefined };
  const { commands, ...draft }: Draft<Item> = { ...state, commands: [] };
  const open: Draft<Item> = Object.assign(draft, { commands });
  const turn = { ...circumstances, rules };
  take(open, input, turn);
  if (open.ending === undefined) settle(open, turn);
  const { commands: wishes, ...next } = open;
  return { state: next, commands: wishes, timerAtMs: findTimer(next, turn.nowMs) };
};

const take = <Item extends Numbered>(draft: Draft<Item>, input: Input<Item>, turn: Turn<Item>): void => {
  switch (input.type) {
    case 'looked':
      return takePlace(draft, input.place, turn);
    case 'refused':
      return endFollower(draft, { kind: 'no access', error: input.error, reason: input.reason });
    case 'fetched':
      return takeItems(draft, input.items, turn);
    case 'pruned':
      return void Object.assign(draft, { isFetching: false, isResyncDue: true, isLookWanted: true });
    case 'failed':
      return takeFailure(draft, input, turn);
    case 'joined':
      return isOurs(draft, input.topic) ? takeJoin(draft, input.topic, turn) : undefined;
    case 'join-refused':
      return isOurs(draft, input.topic) ? takeRefusedJoin(draft, input, turn) : undefined;
    case 'lost':
      return isOurs(draft, input.topic) ? takeLoss(draft, input, turn) : undefined;
    case 'closed':
      return isOurs(draft, input.topic) ? takeClose(draft, input, turn) : undefined;
    case 'heard':
      return takeMessage(draft, input, turn);
    case 'moved':
      return void Object.assign(draft, { isLookWanted: true, isBehind: true });
    case 'woken':
      return takeWakeUp(draft, turn);
    case 'timer':
      return; // whatever happens, time has passed: `settle` looks at it
    case 'filled':
      return void Object.assign(draft, { isFull: true, held: [] });
    case 'drained':
      return void Object.assign(draft, { isFull: false, isBehind: draft.isBehind || draft.known > (draft.at ?? 0) });
    case 'signed-out':
      return endFollower(draft, { kind: 'signed out' });
    case 'stopped':
      return endFollower(draft, { kind: 'stopped' });
  }
};

/** Brings what is wanted and what is under way together. */
const settle = <Item extends Numbered>(draft: Draft<Item>, turn: Turn<Item>): void => {
  noteTime(draft, turn);
  emitReady(draft, turn);
  const isMissing = draft.at !== undefined && draft.known > draft.at;
  if (draft.isAtEnd && !isMissing) return endFollower(draft, { kind: 'done' });
  // Messages have brought what could not be fetched.
  if (!isMissing && !draft.isFetching && draft.failures.fetch > 0) noteSuccess(draft, 'fetch');
  call(draft, isMissing, turn);
  join(draft, turn);
  const isBusy = draft.isLooking || draft.isLookWanted || draft.isFetching || isMissing;
  if (isListening(draft) && !isBusy) draft.isBehind = false;
};

const emitReady = <Item extends Numbered>(draft: Draft<Item>, { rules }: Turn<Item>): void => {
  if (draft.at === undefined) return;
  const count = countReady(draft.held, draft.at);
  const items = draft.held.slice(0, count);
  const last = items.at(-1);
  if (last === undefined) return;
  draft.held = draft.held.slice(count);
  draft.at = last.seq;
  draft.known = Math.max(draft.known, last.seq);
  draft.isAtEnd = rules.isLast?.(last) ?? false;
  draft.commands.push({ type: 'emit', items });
};

/** At most one look and one fetch are under way; however much is announced meanwhile causes one more. */
const call = <Item extends Numbered>(draft: Draft<Item>, isMissing: boolean, { nowMs }: Turn<Item>): void => {
  if (draft.retryAtMs !== undefined && draft.retryAtMs > nowMs) return;
  if (draft.isLookWanted && !draft.isLooking) {
    Object.assign(draft, { isLooking: true, isLookWanted: false, atWhenLooking: draft.at });
    draft.commands.push({ type: 'look' });
  }
  if (isMissing && draft.at !== undefined && !draft.isFetching && !draft.isFull && !draft.isResyncDue) {
    Object.assign(draft, { isFetching: true, fetchedAfter: draft.at });
    draft.commands.push({ type: 'fetch', after: draft.at });
  }
};

const join = <Item extends Numbered>(draft: Draft<Item>, { nowMs, rules, random }: Turn<Item>): void => {
  const { place, joinAtMs } = draft;
  if (place === undefined || place.hasEnded || (joinAtMs !== undefined && joinAtMs > nowMs)) return;
  draft.joinAtMs = undefined;
  for (const topic of topicsOf(place)) {
    const channel = draft.channels[topic];
    // A channel that is down comes back by itself; only when it has taken too long somebody has to look after it.
    const isOverdue = channel === 'down' && joinAtMs !== undefined;
    if (channel !== undefined && !isOverdue) continue;
    if (isOverdue) draft.joinAtMs = nowMs + aroundMs(rules.replaceAfterMs, random);
    else setChannel(draft, topic, 'joining');
    draft.commands.push({ type: 'join', topic });
  }
};

/** The earliest time that is still to come: what was over, this step has acted on. */
const findTimer = <Item extends Numbered>(state: FollowerState<Item>, nowMs: number): number | undefined => {
  if (state.ending !== undefined) return undefined;
  const due = [state.checkAtMs, state.retryAtMs, state.joinAtMs].filter((at) => at !== undefined && at > nowMs);
  return due.length === 0 ? undefined : Math.min(...due.map(Number));
};
