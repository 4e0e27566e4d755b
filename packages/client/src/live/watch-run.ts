import type { RunEvent } from '@durabase/contracts/api/run';
import { isTerminal, type RunState } from '@durabase/contracts/run-states';
import type { Place } from '../follower/words.ts';
import { readEvent, rowsOf, textOf } from '../runs/read-rows.ts';
import type { Calls } from '../supabase/create-calls.ts';
import { rulesOf } from '../timing.ts';
import { createWatch, type Watch, type WatchOptions } from './create-watch.ts';
import { followLine, type Line } from './follow-line.ts';
import type { LivePorts } from './live-ports.ts';

/** How to watch a run. */
export interface WatchRunOptions extends WatchOptions {
  /** Number of the last event that is already known; what follows it is handed out. @default 0: everything */
  readonly after?: number | undefined;
  /** Takes the events, in place of the loop. A promise is awaited before the next event; throwing ends the watch. */
  readonly onEvent?: ((event: RunEvent) => unknown) | undefined;
  /** Hears of every change of the run's state. */
  readonly onState?: ((state: RunState) => void) | undefined;
}

/**
 * A run's events 1…n in order, each exactly once. Ends by itself after the event that ended the run, if that is the newest
 * one. A run that somebody resets in Temporal later lives again: watch it anew, with `after`, to see the rest.
 */
export type RunWatch = Watch<RunEvent>;

const PAGE = 500;

export const createRunLine = (runId: string, calls: Calls): Line<RunEvent> => ({
  look: async (signal) => readPlace(await calls.call('run_feed', { run: runId }, signal)),
  fetch: async (after, signal) =>
    rowsOf(await calls.call('events_since', { run: runId, after_seq: after, page_limit: PAGE }, signal)).map(readEvent),
  readMessage: (event, payload) => {
    const { seq } = (typeof payload === 'object' && payload !== null ? payload : {}) as { readonly seq?: unknown };
    return event === 'events' && typeof seq === 'number' ? { last: seq } : undefined;
  },
});

const readPlace = (answer: unknown): Place => {
  const [row = {}] = rowsOf(answer);
  return {
    topic: textOf(row, 'topic'),
    movesTopic: textOf(row, 'moves_topic'),
    last: Number(row['last_seq']),
    hasEnded: isTerminal(row['state'] as RunState),
  };
};

const isLast = ({ state }: RunEvent): boolean => state !== null && isTerminal(state);

export const watchRun = (runId: string, options: WatchRunOptions, ports: LivePorts): RunWatch => {
  const { calls, hub, surroundings, timing, onOpen } = ports;
  return createWatch<RunEvent>({
    options,
    onOpen,
    onItem: onEventOf(options),
    start: (source) =>
      followLine<RunEvent>({
        line: createRunLine(runId, calls),
        rules: rulesOf(timing, isLast),
        after: options.after ?? 0,
        hub,
        surroundings,
        onItems: (events) => source.queue.push(events),
        onResync: () => {}, // events are kept as long as their run
        onConnection: source.showConnection,
        onEnd: ({ kind }, error) => {
          if (kind === 'signed out') source.queue.cut(error);
          source.end(error);
        },
      }),
  });
};

/** Callbacks make the watch run by itself. */
const onEventOf = ({ onEvent, onState }: WatchRunOptions): ((event: RunEvent) => unknown) | undefined => {
  if (onEvent === undefined && onState === undefined) return undefined;
  let known: RunState | null = null;
  return (event) => {
    const { state } = event;
    if (state !== null && state !== known) onState?.(state);
    known = state ?? known;
    return onEvent?.(event);
  };
};
