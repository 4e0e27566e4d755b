import { DurabaseError, isDurabaseError, isIdentityError } from '../errors.ts';
import { connectionOf, isSameConnection, type Connection } from '../follower/connection.ts';
import { startFollower } from '../follower/state.ts';
import { stepFollower } from '../follower/step-follower.ts';
import type { Command, Ending, FollowerRules, Input, Numbered, Place } from '../follower/words.ts';
import type { Surroundings } from './surroundings.ts';
import type { TopicListener, TopicNews } from './shared-channel.ts';
import type { TopicHub } from './topic-hub.ts';

/** A line of numbers in the database: a run's events, a feed's changes. */
export interface Line<Item extends Numbered> {
  look(signal: AbortSignal): Promise<Place>;
  fetch(after: number, signal: AbortSignal): Promise<readonly Item[]>;
  /** What a message says of the line; undefined: nothing that can be read. */
  readMessage(event: string, payload: unknown): { readonly last: number; readonly items?: readonly Item[] } | undefined;
}

export interface LineOptions<Item extends Numbered> {
  readonly line: Line<Item>;
  readonly rules: FollowerRules<Item>;
  /** The last number that the consumer already has; undefined: start from where the line stands. */
  readonly after: number | undefined;
  readonly hub: TopicHub;
  readonly surroundings: Surroundings;
  readonly onItems: (items: readonly Item[]) => void;
  readonly onResync: (after: number) => void;
  readonly onConnection: (connection: Connection) => void;
  /** `error` is undefined where it came to a good end. */
  readonly onEnd: (ending: Ending, error: DurabaseError | undefined) => void;
  /** The line was looked at for the first time: everything after this moment will be heard. */
  readonly onReady?: () => void;
}

/** A line that is being followed. */
export interface FollowedLine {
  tell(what: 'filled' | 'drained' | 'woken' | 'stopped'): void;
}

/** Executes what the follower decides: the only place where it meets the world. */
export const followLine = <Item extends Numbered>(options: LineOptions<Item>): FollowedLine => {
  const { rules, onConnection, onEnd, onReady } = options;
  const cut = new AbortController();
  const alarm = createAlarm();
  let state = startFollower<Item>(options.after);
  let connection: Connection | undefined;

  const work = (input: Input<Item>): void => {
    const before = state;
    const step = stepFollower(state, input, { rules, nowMs: Date.now(), random: Math.random() });
    state = step.state;
    if (before.place === undefined && state.place !== undefined) onReady?.();
    for (const command of step.commands) execute(command);
    alarm.set(step.timerAtMs, () => tell({ type: 'timer' }));
    showConnection();
    if (before.ending === undefined && state.ending !== undefined) end(state.ending);
  };
  const showConnection = (): void => {
    const next = connectionOf(state);
    if (next === undefined || (connection !== undefined && isSameConnection(connection, next))) return;
    connection = next;
    onConnection(next);
  };
  const end = (ending: Ending): void => {
    cut.abort();
    forgetSurroundings();
    onEnd(ending, errorOf(ending));
  };
  const tell = takeTurns(work);
  const execute = createExecutor(options, cut.signal, tell);
  const forgetSurroundings = options.surroundings((what) => tell({ type: what }));
  tell({ type: 'woken' });
  return { tell: (what) => tell({ type: what }) };
};

/** What is told while the work on something else is going on waits its turn. */
const takeTurns = <Input>(work: (input: Input) => void): ((input: Input) => void) => {
  const inbox: Input[] = [];
  let isWorking = false;
  return (input) => {
    inbox.push(input);
    if (isWorking) return;
    isWorking = true;
    for (let next = inbox.shift(); next !== undefined; next = inbox.shift()) work(next);
    isWorking = false;
  };
};

/** One timer that can be set anew. */
const createAlarm = () => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    set: (atMs: number | undefined, ring: () => void): void => {
      clearTimeout(timer);
      if (atMs !== undefined) timer = setTimeout(ring, Math.max(0, atMs - Date.now()) + 1);
    },
  };
};

const createExecutor = <Item extends Numbered>(
  { line, hub, onItems, onResync }: LineOptions<Item>,
  signal: AbortSignal,
  tell: (input: Input<Item>) => void,
): ((command: Command<Item>) => void) => {
  const listeners = new Map<string, TopicListener>();
  const listenerOf = (topic: string): TopicListener => {
    const known = listeners.get(topic);
    if (known !== undefined) return known;
    const listener: TopicListener = (news) => {
      const input = readNews(line, topic, news);
      if (input !== undefined) tell(input);
    };
    listeners.set(topic, listener);
    return listener;
  };
  const answer = async (call: 'look' | 'fetch', answered: Promise<Input<Item>>): Promise<void> => {
    const input = await answered.catch((error: unknown) => readFailure<Item>(call, error));
    if (!signal.aborted) tell(input);
  };
  return (command) => {
    switch (command.type) {
      case 'look':
        return void answer(
          'look',
          line.look(signal).then((place) => ({ type: 'looked', place })),
        );
      case 'fetch':
        return void answer(
          'fetch',
          line.fetch(command.after, signal).then((items) => ({ type: 'fetched', items })),
        );
      case 'join':
        return hub.join(command.topic, listenerOf(command.topic));
      case 'leave':
        hub.leave(command.topic, listenerOf(command.topic));
        return void listeners.delete(command.topic);
      case 'emit':
        return onItems(command.items);
      case 'resync':
        return onResync(command.after);
    }
  };
};

/** What a user may not see is not there, as far as he is told. */
const NOT_VISIBLE: readonly string[] = ['RUN_NOT_FOUND', 'FEED_NOT_FOUND', 'FORBIDDEN', 'NO_ACCESS'];

const readFailure = <Item extends Numbered>(call: 'look' | 'fetch', error: unknown): Input<Item> => {
  const reason = error instanceof Error ? error.message : String(error);
  if (!isDurabaseError(error)) return { type: 'failed', call, trouble: 'permanent', error, reason };
  const { code, retryable } = error;
  if (call === 'look' && NOT_VISIBLE.includes(code)) return { type: 'refused', error, reason };
  if (call === 'fetch' && code === 'CHANGES_PRUNED') return { type: 'pruned' };
  const trouble = isIdentityError(error) ? 'unauthenticated' : retryable ? 'unreachable' : 'permanent';
  return { type: 'failed', call, trouble, error, reason };
};

const readNews = <Item extends Numbered>(line: Line<Item>, topic: string, news: TopicNews): Input<Item> | undefined => {
  switch (news.type) {
    case 'joined':
      return { type: 'joined', topic };
    case 'refused':
      return { type: 'join-refused', topic, reason: news.reason };
    case 'lost':
    case 'closed':
      return { type: news.type, topic, reason: news.reason };
    case 'message': {
      if (news.event === 'moved') return { type: 'moved' };
      const said = line.readMessage(news.event, news.payload);
      return said === undefined ? undefined : { type: 'heard', ...said };
    }
  }
};

const errorOf = (ending: Ending): DurabaseError | undefined => {
  switch (ending.kind) {
    case 'done':
    case 'stopped':
      return undefined;
    case 'signed out':
      return new DurabaseError('SIGNED_OUT', { hint: 'sign in, and watch again' });
    case 'no access':
      return new DurabaseError('NO_ACCESS', { message: ending.reason, cause: ending.error });
    case 'failed':
      return isDurabaseError(ending.error)
        ? ending.error
        : new DurabaseError('INTERNAL', { message: ending.reason, cause: ending.error });
  }
};
