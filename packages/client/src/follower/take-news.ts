import { backOff, checkBefore, setChannel, type Draft, type Turn } from './draft.ts';
import { aroundMs } from './back-off.ts';
import { holdItems } from './hold-items.ts';
import { isListening, topicsOf } from './state.ts';
import type { Numbered } from './words.ts';

/** The channel of a topic that is still ours. */
export const isOurs = <Item extends Numbered>({ place, channels }: Draft<Item>, topic: string): boolean =>
  place !== undefined && topicsOf(place).includes(topic) && channels[topic] !== undefined;

/** Messages arrive from now on: what was said before is found by a look. */
export const takeJoin = <Item extends Numbered>(
  draft: Draft<Item>,
  topic: string,
  { nowMs, rules, random }: Turn<Item>,
): void => {
  setChannel(draft, topic, 'joined');
  if (!isListening(draft)) return;
  draft.isBehind = true;
  draft.isLookWanted = true;
  draft.checkAtMs = nowMs + aroundMs(rules.settleMs, random);
};

/** Another topic may be ours now, so it looks at once; the same one is asked for again after a while. */
export const takeRefusedJoin = <Item extends Numbered>(
  draft: Draft<Item>,
  refusal: { readonly topic: string; readonly reason: string },
  turn: Turn<Item>,
): void => {
  takeClose(draft, refusal, turn);
  draft.isLookWanted = true;
};

/** The channel comes back by itself, as a rule. */
export const takeLoss = <Item extends Numbered>(
  draft: Draft<Item>,
  { topic, reason }: { readonly topic: string; readonly reason: string },
  turn: Turn<Item>,
): void => {
  setChannel(draft, topic, 'down');
  draft.joinAtMs ??= turn.nowMs + aroundMs(turn.rules.replaceAfterMs, turn.random);
  noteLoss(draft, reason, turn);
};

/** The channel does not come back: another one, after a while. */
export const takeClose = <Item extends Numbered>(
  draft: Draft<Item>,
  { topic, reason }: { readonly topic: string; readonly reason: string },
  turn: Turn<Item>,
): void => {
  setChannel(draft, topic, undefined);
  draft.joinCount += 1;
  draft.joinAtMs = turn.nowMs + backOff(draft.joinCount, turn);
  noteLoss(draft, reason, turn);
};

const noteLoss = <Item extends Numbered>(draft: Draft<Item>, reason: string, { nowMs, rules, random }: Turn<Item>): void => {
  draft.isBehind = true;
  draft.channelReason = reason;
  checkBefore(draft, nowMs + aroundMs(rules.fastCheckMs, random));
};

/** A message: numbers up to `last` exist, and perhaps what they are. */
export const takeMessage = <Item extends Numbered>(
  draft: Draft<Item>,
  { last, items }: { readonly last: number; readonly items?: readonly Item[] },
  { rules }: Turn<Item>,
): void => {
  const at = draft.at ?? 0;
  draft.known = Math.max(draft.known, last);
  if (items === undefined || draft.isFull) return;
  const held = holdItems(draft.held, items, at);
  if ((held[0]?.seq ?? at + 1) > at + 1) draft.isBehind = true;
  const isTooMuch = held.length > rules.maxHeld && held[0]?.seq !== at + 1;
  draft.held = isTooMuch ? [] : held;
};

/** Time to look, if it is: whoever is not joined by now polls. */
export const noteTime = <Item extends Numbered>(draft: Draft<Item>, { nowMs, rules, random }: Turn<Item>): void => {
  if (draft.checkAtMs === undefined || draft.checkAtMs > nowMs) return;
  const areJoined = isListening(draft);
  if (areJoined) draft.joinCount = 0;
  else draft.channelReason ??= 'the channel has not been joined yet';
  if (!draft.isLooking) draft.isLookWanted = true;
  draft.checkAtMs = nowMs + aroundMs(areJoined ? rules.slowCheckMs : rules.fastCheckMs, random);
};

/** Everything is tried again now. */
export const takeWakeUp = <Item extends Numbered>(draft: Draft<Item>, { nowMs }: Turn<Item>): void => {
  draft.retryAtMs = undefined;
  draft.isLookWanted = true;
  if (!isListening(draft)) draft.joinAtMs = nowMs;
};
