import { DurabaseError } from '../errors.ts';
import type { Place } from '../follower/words.ts';
import { rowsOf } from '../runs/read-rows.ts';
import type { Calls } from '../supabase/create-calls.ts';
import { readChange, readChangesMessage, type Change, type ChangeFilter } from './change.ts';
import type { FeedPlace } from './feeds.ts';
import type { Line } from './follow-line.ts';

const PAGE = 500;

export interface FeedLineOptions {
  readonly calls: Calls;
  readonly filter: ChangeFilter;
  /** What is known of the feed at the beginning: spares the first look. */
  readonly first: FeedPlace;
  readonly lookAll: () => Promise<readonly FeedPlace[]>;
}

/** The changes of one feed. */
export const createFeedLine = ({ calls, filter, first: { feed, place }, lookAll }: FeedLineOptions): Line<Change> => {
  let first: Place | undefined = place;
  return {
    look: async () => {
      const known = first ?? (await lookAll()).find((one) => one.feed === feed)?.place;
      first = undefined;
      if (known === undefined)
        throw new DurabaseError('NO_ACCESS', { message: `the feed ${feed} is not visible to you any more` });
      return known;
    },
    fetch: async (after, signal) =>
      rowsOf(await calls.call('changes_since', { feed, after_seq: after, page_limit: PAGE }, signal)).map((row) =>
        readChange(row, feed),
      ),
    readMessage: (event, payload) => {
      const said = event === 'changes' ? readChangesMessage(payload, feed) : undefined;
      return said !== undefined && filter.taskId !== undefined ? { last: said.last } : said;
    },
  };
};
