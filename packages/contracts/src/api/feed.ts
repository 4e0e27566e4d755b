import { z } from 'zod';
import { afterNumber, id, moment, pageLimit } from './parts.ts';

/** A feed that the caller may follow. */
export const feed = z.strictObject({
  feed: z.string().describe('Its name: `workspace:<workspace>`, `own:<workspace>` (own runs) or `task:<task>`.'),
  kind: z.enum(['workspace', 'own', 'task']),
  workspaceId: id(),
  taskId: id().nullable(),
  topic: z.string().describe('Private topic of Realtime that tells of its changes.'),
  movesTopic: z.string().describe('Topic that says when topics got new names: ask again then.'),
  lastSeq: z.int().describe('Number of its newest change.'),
});
/** A feed that the caller may follow. */
export type Feed = z.infer<typeof feed>;

/** Every feed that the caller may follow. */
export const feedList = z.strictObject({ items: z.array(feed) });

/** Query of `GET /feeds`. */
export const listFeedsQuery = z.strictObject({ workspace: id().optional() });

/** Parameters of everything below `/feeds/{feed}`. */
export const feedParams = z.strictObject({
  feed: z.string().regex(/^(?:workspace|own|task):[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, {
    error: 'must be the name of a feed, such as workspace:0198f000-0000-7000-8000-000000000000',
  }),
});

/** One change in a feed: what changed, and which version of it is the newest. */
export const change = z.strictObject({
  seq: z.int().describe('1, 2, 3 … within its feed, without a gap.'),
  kind: z.string().describe('`run`, or `task`: a definition.'),
  id: id().describe('Of the run or the task.'),
  version: z.int().describe('Grows with every change of the run or the task; the highest wins.'),
  state: z.string().nullable(),
  runId: id().nullable(),
  taskId: id().nullable(),
  at: moment(),
});
/** One change in a feed. */
export type Change = z.infer<typeof change>;

/** Changes of a feed, in order; ask again with `after` = `lastSeq`. */
export const changeList = z.strictObject({ items: z.array(change), lastSeq: z.int() });

/** Query of `GET /feeds/{feed}/changes`. */
export const listChangesQuery = z.strictObject({
  after: afterNumber().default(0),
  limit: pageLimit({ max: 1_000, usual: 500 }).describe('Of a page; a stream has none.'),
});
