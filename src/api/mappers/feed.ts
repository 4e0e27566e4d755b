import type { Feed } from '@durabase/contracts/api/feed';

/** A row of durabase.feeds as `to_jsonb` gives it. */
export interface FeedRow {
  readonly feed: string;
  readonly kind: Feed['kind'];
  readonly workspace_id: string;
  readonly task_id: string | null;
  readonly topic: string;
  readonly moves_topic: string;
  readonly last_seq: number;
}

export const toFeed = (row: FeedRow): Feed => ({
  feed: row.feed,
  kind: row.kind,
  workspaceId: row.workspace_id,
  taskId: row.task_id,
  topic: row.topic,
  movesTopic: row.moves_topic,
  lastSeq: row.last_seq,
});
