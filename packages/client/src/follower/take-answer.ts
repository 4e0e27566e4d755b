import { aroundMs } from './back-off.ts';
import { endFollower, noteFailure, noteSuccess, setChannel, type Draft, type Turn } from './draft.ts';
import { holdItems } from './hold-items.ts';
import { isListening, topicsOf } from './state.ts';
import { MAX_UNAUTHENTICATED, type Input, type Numbered, type Place } from './words.ts';

/** A look came back. */
export const takePlace = <Item extends Numbered>(draft: Draft<Item>, place: Place, turn: Turn<Item>): void => {
  const { rules, nowMs, random } = turn;
  draft.isLooking = false;
  noteSuccess(draft, 'look');
  const isFirst = draft.at === undefined;
  const isUnchangedSince = draft.at === draft.atWhenLooking;
  const at = draft.at ?? place.last;
  draft.at = at;
  leaveStaleTopics(draft, place);
  draft.place = place;
  if (draft.isResyncDue) startAnew(draft, place.last);
  else draft.known = Math.max(draft.known, place.last);
  if (place.last > at) draft.isBehind = true;
  // An old answer says nothing about what was handed out since it was asked for.
  if (place.hasEnded && place.last <= at && (isFirst || isUnchangedSince)) draft.isAtEnd = true;
  if (!isListening(draft) && draft.channelReason !== undefined) draft.isPolling = true;
  // However slow the answers are, there is time between one and the next question.
  draft.checkAtMs = Math.max(draft.checkAtMs ?? 0, nowMs + aroundMs(rules.fastCheckMs, random));
};

/** Leaves topics that are no longer ours; the new ones are joined at once. */
const leaveStaleTopics = <Item extends Numbered>(draft: Draft<Item>, place: Place): void => {
  const wanted = topicsOf(place);
  const former = draft.place === undefined ? [] : topicsOf(draft.place);
  for (const topic of former.filter((name) => !wanted.includes(name))) {
    if (draft.channels[topic] !== undefined) draft.commands.push({ type: 'leave', topic });
    setChannel(draft, topic, undefined);
    draft.joinAtMs = undefined;
    draft.joinCount = 0;
  }
};

/** Numbers were forgotten: goes on from where the line stands. What is announced meanwhile is found by one more look. */
const startAnew = <Item extends Numbered>(draft: Draft<Item>, last: number): void => {
  Object.assign(draft, { isResyncDue: false, at: last, known: last, held: [], isAtEnd: false, isLookWanted: true });
  draft.commands.push({ type: 'resync', after: last });
};

/** A fetch came back. */
export const takeItems = <Item extends Numbered>(draft: Draft<Item>, items: readonly Item[], turn: Turn<Item>): void => {
  draft.isFetching = false;
  const at = draft.at ?? 0;
  draft.held = holdItems(draft.held, items, at);
  draft.known = Math.max(draft.known, items.at(-1)?.seq ?? 0);
  // It asked because this number had been announced. Nobody else has brought it meanwhile either.
  const isStuck = draft.fetchedAfter === at && draft.held[0]?.seq !== at + 1;
  if (isStuck) noteFailure(draft, 'fetch', { reason: `number ${at + 1} is announced but cannot be read yet`, turn });
  else noteSuccess(draft, 'fetch');
};

/** A call failed, and may succeed later. */
export const takeFailure = <Item extends Numbered>(
  draft: Draft<Item>,
  { call, trouble, error, reason }: Extract<Input<Item>, { readonly type: 'failed' }>,
  turn: Turn<Item>,
): void => {
  if (call === 'look') draft.isLooking = false;
  else draft.isFetching = false;
  if (trouble === 'unauthenticated') {
    draft.unauthenticatedCount += 1;
    if (draft.unauthenticatedCount >= MAX_UNAUTHENTICATED) return endFollower(draft, { kind: 'signed out' });
  }
  // Once it has worked, such an error passes: a deploy, a schema that is being read anew.
  if (trouble === 'permanent' && draft.place === undefined) return endFollower(draft, { kind: 'failed', error, reason });
  noteFailure(draft, call, { reason, turn });
};
