import { changeList, feedParams, listChangesQuery } from '@durabase/contracts/api/feed';
import { toChange } from '../../mappers/change.ts';
import { listChanges } from '../../queries/feeds.ts';
import { defineRoute } from '../../route.ts';
import { followFeed } from '../../streams/follow-feed.ts';

export const listChangesRoute = defineRoute({
  method: 'GET',
  path: '/api/v1/feeds/:feed/changes',
  access: 'caller',
  summary: 'Changes of a feed after a number; as a stream also those to come.',
  params: feedParams,
  query: listChangesQuery,
  answers: { 200: changeList },
  handler: async ({ params: { feed }, query: { after, limit }, identity }, { runAsCaller }) => {
    const rows = await runAsCaller(identity, (tx) => listChanges(tx, { feed, after, limit }));
    return { status: 200, body: { items: rows.map(toChange), lastSeq: rows.at(-1)?.seq ?? after } };
  },
  stream: ({ params: { feed }, query: { after }, lastEventId = after, identity }) =>
    followFeed({ feed, after: lastEventId, identity }),
});
