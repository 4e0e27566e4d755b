import { describeEvent } from './describe-event.ts';
import { type History, type HistoryEvent, readPayload } from './history.ts';

/**
 * Something that a workflow asked Temporal for. Activities, local ones included, are numbered together, and timers by
 * themselves.
 */
export interface Asked {
  readonly kind: 'work' | 'timer';
  readonly number: number;
  readonly line: string;
}

function numberOf(event: HistoryEvent): Omit<Asked, 'line'> | undefined {
  const activityId = event.activityTaskScheduledEventAttributes?.activityId;
  if (activityId !== undefined) return { kind: 'work', number: Number(activityId) };
  const timerId = event.timerStartedEventAttributes?.timerId;
  if (timerId !== undefined) return { kind: 'timer', number: Number(timerId) };
  const marker = readPayload(event.markerRecordedEventAttributes?.details?.['data']?.payloads?.[0]);
  const { seq } = (marker ?? {}) as { readonly seq?: number };
  return seq === undefined ? undefined : { kind: 'work', number: seq };
}

/** What the recorded execution had asked for. */
const recordedIn = (history: History): readonly Asked[] =>
  history.events.flatMap((event): readonly Asked[] => {
    const number = numberOf(event);
    const line = describeEvent(event, history)?.replace(/ failed$/, '');
    return number === undefined || line === undefined ? [] : [{ ...number, line }];
  });

const placeAfter = (lines: readonly string[]): string =>
  lines.length === 0 ? 'at the beginning' : `after ${lines.slice(-3).join(' → ')}`;

const keyOf = ({ kind, number }: Omit<Asked, 'line'>): string => `${kind} ${number}`;

/** The first thing that the code asks for instead of what was recorded. */
function findDifference(history: History, asked: readonly Asked[]): string | undefined {
  const recorded = recordedIn(history);
  const known = new Map(recorded.map((one) => [keyOf(one), one.line]));
  const index = asked.findIndex((one) => known.get(keyOf(one)) !== one.line);
  const came = asked[index];
  if (came === undefined) return undefined;
  const before = asked.slice(0, index);
  const seen = new Set(before.map(keyOf));
  const expected = known.get(keyOf(came)) ?? recorded.find((one) => !seen.has(keyOf(one)))?.line;
  const was = expected === undefined ? 'nothing more was recorded' : `"${expected}" was recorded`;
  return `${placeAfter(before.map(({ line }) => line))}, ${was}, but the code now asks for "${came.line}"`;
}

/** The recorded event that the code does not come to, or not at that place. */
function findLeftOut(sentence: string, history: History): string | undefined {
  const [, eventId] = /HistoryEvent\(id: (\d+)/.exec(sentence) ?? [];
  const [, seq] = /Missing associated machine for LocalActivity\((\d+)\)/.exec(sentence) ?? [];
  const index = history.events.findIndex(
    (event) => event.eventId === eventId || (seq !== undefined && numberOf(event)?.number === Number(seq)),
  );
  const event = history.events[index];
  if (event === undefined) return undefined;
  const before = history.events.slice(0, index).flatMap((earlier) => describeEvent(earlier, history) ?? []);
  return `${placeAfter(before)}, "${describeEvent(event, history) ?? event.eventType}" was recorded (event ${event.eventId}), but the code now asks for something else first, or for nothing more`;
}

/** Why a history does not replay: what was recorded, and what the code asks for instead. */
export function explainMismatch(message: string, history: History, asked: readonly Asked[]): string {
  // The message of the SDK holds its own sentence in the print of a structure.
  const sentence = /message: "((?:[^"\\]|\\.)*)"/.exec(message)?.[1]?.replace(/^\[TMPRL1100\] /, '') ?? message;
  if (message.includes('workflow task failure')) return `the code throws: ${sentence}`;
  return `${findDifference(history, asked) ?? findLeftOut(sentence, history) ?? 'it does not fit'} [${sentence}]`;
}
