import { type ConnectionState, createDurabase, type FeedItem } from '@durabase/client';
import { createNews } from './news.ts';
import type { UserClient } from './user.ts';

/** Somebody who follows every change of the user's workspace by the client SDK, and keeps what he was handed. */
export interface Subscriber {
  readonly name: string;
  /** The line of numbers that is followed. */
  readonly feed: string;
  readonly items: readonly FeedItem[];
  /** How the connection stood, from the beginning to now. */
  readonly connections: readonly ConnectionState[];
  /** Looks at every item and at every change of the connection. */
  until(isSo: () => boolean, what: string): Promise<void>;
  stop(): Promise<void>;
}

export interface SubscriberOptions {
  readonly name: string;
  readonly supabase: UserClient;
  readonly signal: AbortSignal;
  readonly onItem?: (item: FeedItem) => void;
}

/** Begins with the first change that there ever was. */
export async function subscribe({ name, supabase, signal, onItem }: SubscriberOptions): Promise<Subscriber> {
  const durabase = createDurabase({ supabase });
  const feeds = await durabase.feeds();
  const [feed] = feeds;
  if (feed === undefined || feeds.length > 1)
    throw new Error(`the user follows ${feeds.length} feeds, not that of her workspace`);
  const items: FeedItem[] = [];
  const connections: ConnectionState[] = [];
  const news = createNews();
  let failure: Error | undefined;

  const watch = durabase.watch({
    workspace: feed.workspaceId,
    after: { [feed.feed]: 0 },
    includeRuns: onItem !== undefined,
    onItem: (item) => {
      items.push(item);
      onItem?.(item);
      news.spread();
    },
    onConnection: ({ state }) => {
      if (state !== connections.at(-1)) connections.push(state);
      news.spread();
    },
    onError: (error) => {
      // `until` passes it on.
      failure = error instanceof Error ? error : new Error(String(error));
      news.spread();
    },
  });
  return {
    name,
    feed: feed.feed,
    items,
    connections,
    until: (isSo, what) =>
      news.until(
        () => {
          if (failure !== undefined) throw failure;
          return isSo();
        },
        { what, signal },
      ),
    stop: async () => {
      watch.stop();
      await durabase.close();
    },
  };
}

/** Connected, and everything is there. */
export const isLive = ({ connections }: Subscriber): boolean => connections.at(-1) === 'live';
