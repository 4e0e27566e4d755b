import { worstConnection, type Connection } from '../follower/connection.ts';
import type { Ending } from '../follower/words.ts';
import { rulesOf } from '../timing.ts';
import type { Change, ChangeFilter, FeedItem } from './change.ts';
import type { WatchSource } from './create-watch.ts';
import { createFeedLine } from './feed-line.ts';
import type { FeedPlace } from './feeds.ts';
import { followLine, type FollowedLine } from './follow-line.ts';
import type { LivePorts } from './live-ports.ts';

/** Several feeds that are followed at once, each by itself. */
export interface FeedLines {
  readonly isEmpty: boolean;
  /** Follows those that are new. One that is gone notices it by itself. */
  adopt(feeds: readonly FeedPlace[]): void;
  tell(what: 'filled' | 'drained' | 'stopped'): void;
}

export interface FeedLinesOptions {
  readonly ports: LivePorts;
  readonly filter: ChangeFilter;
  readonly after: Readonly<Record<string, number>>;
  readonly source: WatchSource<FeedItem>;
  readonly lookAll: () => Promise<readonly FeedPlace[]>;
  /** Nothing is followed any more. */
  readonly onOver: (ending: Ending, error: unknown) => void;
}

export const createFeedLines = (options: FeedLinesOptions): FeedLines => {
  const { ports, filter, after, source, lookAll, onOver } = options;
  const lines = new Map<string, FollowedLine>();
  const connections = new Map<string, Connection>();
  let hasBegun = false;
  let isFull = false;

  const showConnection = (): void => source.showConnection(worstConnection([...connections.values()]));
  const onEnd = (feed: string, ending: Ending, error: unknown): void => {
    lines.delete(feed);
    const isOver = ending.kind !== 'no access' || lines.size === 0;
    if (!isOver) connections.delete(feed);
    if (ending.kind === 'no access') showConnection();
    if (isOver) onOver(ending, error);
  };
  const add = (found: FeedPlace): void => {
    const { feed, lastSeq } = found;
    if (hasBegun) source.queue.push([{ type: 'resync', feed, after: lastSeq, reason: 'rights changed' }]);
    const line = followLine<Change>({
      ...ports,
      line: createFeedLine({ calls: ports.calls, filter, first: found, lookAll }),
      rules: rulesOf(ports.timing),
      after: hasBegun ? lastSeq : (after[feed] ?? lastSeq),
      onItems: (items) => source.queue.push(items),
      onResync: (from) => source.queue.push([{ type: 'resync', feed, after: from, reason: 'pruned' }]),
      onConnection: (connection) => {
        connections.set(feed, connection);
        // One feed of several may go: whether that is the end is decided where the line ends.
        if (connection.state !== 'no access') showConnection();
      },
      onEnd: (ending, error) => onEnd(feed, ending, error),
    });
    lines.set(feed, line);
    if (isFull) line.tell('filled');
  };
  return {
    get isEmpty() {
      return lines.size === 0;
    },
    adopt: (feeds) => {
      for (const found of feeds) if (!lines.has(found.feed)) add(found);
      hasBegun = true;
    },
    tell: (what) => {
      if (what !== 'stopped') isFull = what === 'filled';
      for (const line of lines.values()) line.tell(what);
    },
  };
};
