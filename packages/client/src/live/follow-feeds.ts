import { DurabaseError } from '../errors.ts';
import type { ChangeFilter, FeedItem } from './change.ts';
import type { Producer, WatchSource } from './create-watch.ts';
import { createFeedLines } from './feed-lines.ts';
import { readFeeds, shareCalls } from './feeds.ts';
import type { LivePorts } from './live-ports.ts';
import { retryCall } from './retry-calls.ts';

export interface FollowFeedsOptions {
  readonly workspace: string | undefined;
  readonly filter: ChangeFilter;
  readonly after: Readonly<Record<string, number>>;
  readonly ports: LivePorts;
  readonly source: WatchSource<FeedItem>;
  readonly onReady: (positions: Readonly<Record<string, number>>) => void;
}

/** Follows each feed by itself. Which ones there are is asked anew whenever one of them looks. */
export const followFeeds = ({ workspace, filter, after, ports, source, onReady }: FollowFeedsOptions): Producer => {
  const { calls, timing, surroundings } = ports;
  const cut = new AbortController();
  const end = (error: unknown, isCut = false): void => {
    if (cut.signal.aborted) return;
    cut.abort();
    forgetSurroundings();
    lines.tell('stopped');
    if (isCut) source.queue.cut(error);
    source.end(error);
  };
  const lookAll = shareCalls(async () => {
    const feeds = await readFeeds(calls, workspace, cut.signal);
    cut.signal.throwIfAborted();
    lines.adopt(feeds);
    return feeds;
  });
  const lines = createFeedLines({
    ports,
    filter,
    after,
    source,
    lookAll,
    onOver: ({ kind }, error) => end(error, kind === 'signed out'),
  });
  const begin = async (): Promise<void> => {
    const feeds = await retryCall(lookAll, { timing, signal: cut.signal, onTrouble: source.showConnection });
    if (feeds.length === 0) throw new DurabaseError('NO_ACCESS', { message: describeNothing(workspace) });
    onReady(Object.fromEntries(feeds.map(({ feed, lastSeq }) => [feed, after[feed] ?? lastSeq])));
  };
  // Each line hears of it by itself; before there is one, somebody else has to.
  const forgetSurroundings = surroundings((what) => {
    if (what === 'signed-out' && lines.isEmpty) end(new DurabaseError('SIGNED_OUT'), true);
  });
  void begin().catch((error: unknown) => {
    if (cut.signal.aborted) return;
    source.showConnection({ state: 'no access', reason: error instanceof Error ? error.message : String(error) });
    end(error);
  });
  return { tell: (what) => (what === 'stopped' ? end(undefined) : lines.tell(what)) };
};

const describeNothing = (workspace: string | undefined): string =>
  workspace === undefined
    ? 'there is no workspace of which you may follow anything'
    : `you may follow nothing in workspace ${workspace}`;
