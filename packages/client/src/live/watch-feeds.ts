import { DurabaseError } from '../errors.ts';
import type { Connection } from '../follower/connection.ts';
import { isWanted, type ChangeFilter, type FeedItem } from './change.ts';
import { createWatch, type Watch, type WatchOptions } from './create-watch.ts';
import { followFeeds } from './follow-feeds.ts';
import type { LivePorts } from './live-ports.ts';
import { createRunMerger } from './merge-runs.ts';
import { retryCall } from './retry-calls.ts';

/** How to watch what changes. */
export interface WatchFeedsOptions extends WatchOptions {
  /** Id of a workspace. @default every one of which the user may see something */
  readonly workspace?: string | undefined;
  /** @default everything */
  readonly filter?: ChangeFilter | undefined;
  /** Adds the runs themselves to the changes: one more call for up to a hundred of them. @default false */
  readonly includeRuns?: boolean | undefined;
  /** By feed, the last number that is already known. @default where each feed stands when the watch begins */
  readonly after?: Readonly<Record<string, number>> | undefined;
  /** Takes the items, in place of the loop. A promise is awaited before the next item; throwing ends the watch. */
  readonly onItem?: ((item: FeedItem) => unknown) | undefined;
}

/** Changes, in the order of each feed, each exactly once; and `resync` items, after which a fresh look is needed. */
export interface FeedWatch extends Watch<FeedItem> {
  /**
   * Resolves, with the last number of each feed, when the watch has begun: whatever changes from now on is handed out. So a
   * snapshot that is read after it misses nothing. Rejects if the watch ends before.
   */
  readonly ready: Promise<Readonly<Record<string, number>>>;
}

export const watchFeeds = (options: WatchFeedsOptions, ports: LivePorts): FeedWatch => {
  const { workspace, filter = {}, after = {}, includeRuns = false } = options;
  const { calls, timing, onOpen } = ports;
  const ready = Promise.withResolvers<Readonly<Record<string, number>>>();
  ready.promise.catch(() => {}); // the loop and `done` throw the same
  const mergeRuns = createRunMerger(calls);
  const display = createDisplay();
  const watch = createWatch<FeedItem>({
    options,
    onOpen,
    onItem: options.onItem,
    start: (source) => {
      display.setScreen(source.showConnection);
      const shown = { ...source, showConnection: display.show };
      return followFeeds({ workspace, filter, after, ports, source: shown, onReady: ready.resolve });
    },
    prepare: async (items, signal) => {
      const wanted = items.filter((item) => item.type === 'resync' || isWanted(item, filter));
      if (!includeRuns) return wanted;
      const merged = await retryCall(() => mergeRuns(wanted, signal), { timing, signal, onTrouble: display.showTrouble });
      display.showTrouble(undefined);
      return merged;
    },
  });
  watch.done.then(
    () => ready.reject(new DurabaseError('CLOSED', { message: 'the watch was stopped before it had begun' })),
    ready.reject,
  );
  return Object.defineProperties(watch, { ready: { value: ready.promise, enumerable: true } }) as FeedWatch;
};

/** What is shown: how the feeds stand, unless the runs themselves cannot be read. */
const createDisplay = () => {
  let screen = (_connection: Connection): void => {};
  let feeds: Connection = { state: 'catching up' };
  let trouble: Connection | undefined;
  return {
    setScreen: (show: (connection: Connection) => void): void => {
      screen = show;
    },
    show: (connection: Connection): void => {
      feeds = connection;
      screen(trouble ?? feeds);
    },
    showTrouble: (connection: Connection | undefined): void => {
      if (connection === undefined && trouble === undefined) return;
      trouble = connection;
      screen(trouble ?? feeds);
    },
  };
};
