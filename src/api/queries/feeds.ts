import { isPlatformError, PlatformError } from '@durabase/contracts';
import type { Queryable, Statement } from '../../ports/db.ts';
import type { ChangeRow } from '../mappers/change.ts';
import type { FeedRow } from '../mappers/feed.ts';

const LIST_FEEDS: Statement = { name: 'api_list_feeds', text: 'select to_jsonb(f) as feed from durabase.feeds($1) f' };
const LIST_CHANGES: Statement = {
  name: 'api_list_changes',
  text: 'select to_jsonb(c) as change from durabase.changes_since($1, $2, $3) c order by c.seq',
};

/** Those that the caller may follow. */
export async function listFeeds(tx: Queryable, workspaceId: string | undefined): Promise<readonly FeedRow[]> {
  const rows = await tx.query<{ feed: FeedRow }>(LIST_FEEDS, [workspaceId ?? null]);
  return rows.map((row) => row.feed);
}

export interface ListChanges {
  readonly feed: string;
  readonly after: number;
  readonly limit: number;
}

/** Throws FEED_NOT_FOUND, CHANGES_PRUNED. */
export async function listChanges(tx: Queryable, { feed, after, limit }: ListChanges): Promise<readonly ChangeRow[]> {
  try {
    const rows = await tx.query<{ change: ChangeRow }>(LIST_CHANGES, [feed, after, limit]);
    return rows.map((row) => row.change);
  } catch (error) {
    throw isPlatformError(error) ? inWordsOfTheApi(error) : error;
  }
}

/** The function's own words are for those who call it by SQL. */
function inWordsOfTheApi(error: PlatformError): PlatformError {
  const { code, details } = error;
  if (code === 'FEED_NOT_FOUND')
    return new PlatformError(code, { ...details, hint: 'GET /api/v1/feeds lists those that you may follow' });
  if (code === 'CHANGES_PRUNED') {
    const hint = 'take lastSeq of GET /api/v1/feeds, then a fresh list of runs, and go on after that number';
    return new PlatformError(code, { ...details, hint, path: 'after' });
  }
  return error;
}
