import { feedList, listFeedsQuery } from '@durabase/contracts/api/feed';
import { toFeed } from '../../mappers/feed.ts';
import { listFeeds } from '../../queries/feeds.ts';
import { defineRoute } from '../../route.ts';

export const listFeedsRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/feeds',
  access: 'caller',
  summary: 'Feeds that the caller may follow.',
  query: listFeedsQuery,
  answers: { 200: feedList },
  handler: async ({ query: { workspace }, identity }, { runAsCaller }) => {
    const rows = await runAsCaller(identity, (tx) => listFeeds(tx, workspace));
    return { status: 200, body: { items: rows.map(toFeed) } };
  },
});
