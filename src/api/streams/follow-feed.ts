import type { Identity } from '../../ports/db.ts';
import { toChange } from '../mappers/change.ts';
import { listChanges } from '../queries/feeds.ts';
import { readCaller } from './read-caller.ts';
import type { StreamSource } from './stream-source.ts';

const PAGE = 500;

/** The changes of a feed; it has no end. */
export const followFeed = ({
  feed,
  after: first,
  identity,
}: {
  readonly feed: string;
  readonly after: number;
  readonly identity: Identity;
}): StreamSource => ({
  // A runner's own runs are numbered under the runner's id, which callers leave out.
  key: feed.startsWith('own:') ? `${feed}:${readCaller(identity).userId}` : feed,
  after: first,
  read: async (tx, after) => {
    const rows = await listChanges(tx, { feed, after, limit: PAGE });
    return {
      messages: rows.map((row) => ({ id: row.seq, event: row.kind, data: toChange(row) })),
      lastSeq: rows.at(-1)?.seq ?? after,
      isFull: rows.length === PAGE,
    };
  },
});
