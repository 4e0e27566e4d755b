import type { Place } from '../follower/words.ts';
import { type Row, rowsOf, textOf } from '../runs/read-rows.ts';
import type { Calls } from '../supabase/create-calls.ts';

/** A numbered line of changes that the caller may follow. */
export interface Feed {
  /** Such as `workspace:<id>`. */
  readonly feed: string;
  /** `workspace`: all changes of one; `own`: the caller's own runs in it; `task`: one task that is shared with the caller. */
  readonly kind: 'workspace' | 'own' | 'task';
  /** The workspace in which its runs and tasks are. */
  readonly workspaceId: string;
  /** Of a `task` feed. */
  readonly taskId: string | null;
  /** The greatest number so far; 0: none. */
  readonly lastSeq: number;
}

/** A feed with the topics that tell of it. Their names go stale: ask again rather than keep them. */
export interface FeedPlace extends Feed {
  readonly place: Place;
}

const readFeed = (row: Row): FeedPlace => ({
  feed: textOf(row, 'feed'),
  kind: row['kind'] as Feed['kind'],
  workspaceId: textOf(row, 'workspace_id'),
  taskId: typeof row['task_id'] === 'string' ? row['task_id'] : null,
  lastSeq: Number(row['last_seq']),
  place: {
    topic: textOf(row, 'topic'),
    movesTopic: textOf(row, 'moves_topic'),
    last: Number(row['last_seq']),
    hasEnded: false,
  },
});

/** Without the names of topics, which go stale. */
export const toFeed = ({ feed, kind, workspaceId, taskId, lastSeq }: FeedPlace): Feed => ({
  feed,
  kind,
  workspaceId,
  taskId,
  lastSeq,
});

export const readFeeds = async (
  calls: Calls,
  workspaceId: string | undefined,
  signal?: AbortSignal,
): Promise<readonly FeedPlace[]> => rowsOf(await calls.call('feeds', { workspace: workspaceId }, signal)).map(readFeed);

/** Asks once for all who ask at the same time; whoever asks while an answer is under way gets the next one, not an older one. */
export const shareCalls = <Value>(call: () => Promise<Value>): (() => Promise<Value>) => {
  let current: Promise<unknown> | undefined;
  let next: Promise<Value> | undefined;
  const begin = async (before: Promise<unknown> | undefined): Promise<Value> => {
    await before?.catch(() => {}); // who asked for that one hears of it
    current = next;
    next = undefined;
    return await call();
  };
  return () => (next ??= begin(current));
};
