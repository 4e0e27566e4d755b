import type { RunState } from '@durabase/contracts/run-states';
import type { Run } from '@durabase/contracts/api/run';
import { type Row, textOf } from '../runs/read-rows.ts';

/** Something changed: a run, or a task's definition. */
export interface Change {
  readonly type: 'change';
  /** The line in which it has its number, such as `workspace:<id>`. */
  readonly feed: string;
  /** 1, 2, 3 … within its feed, without a gap. */
  readonly seq: number;
  /** What changed. */
  readonly kind: 'run' | 'task';
  /** Of the run or the task. */
  readonly id: string;
  /** Of the run or the task after the change; the highest wins. */
  readonly version: number;
  /** Of the run; `live` or `deleted` for a task. */
  readonly state: string | null;
  /** The task that the run is of. Messages do not say it: known where the change was fetched, and always with `filter.taskId`. */
  readonly taskId?: string | undefined;
  /**
   * With `includeRuns`: the run as it was read after the change, at this version or a later one. Undefined where an equal
   * or later one has been handed out before, or will be with a later change of the same batch, and where the run is gone.
   */
  readonly run?: Run | undefined;
}

/**
 * The numbers of a feed do not go on where they were: too old ones were asked for (kept for 7 days), the database was
 * restored, or the user's rights changed. Read again what you show (`listRuns`), then go on: later changes follow `after`.
 */
export interface Resync {
  readonly type: 'resync';
  /** The line whose numbers do not go on where they were. */
  readonly feed: string;
  /** The next change of this feed has a greater number. */
  readonly after: number;
  /** `pruned` also after a restore of the database. */
  readonly reason: 'pruned' | 'rights changed';
}

/** What a watch of feeds hands out. */
export type FeedItem = Change | Resync;

/** Which changes are wanted; everything that is left out fits. */
export interface ChangeFilter {
  /** @default both */
  readonly kinds?: readonly Change['kind'][] | undefined;
  /** States that runs change to; then changes of tasks do not fit. */
  readonly states?: readonly RunState[] | undefined;
  /** Ids of runs or tasks. */
  readonly ids?: readonly string[] | undefined;
  /** Id of a task: the task itself and its runs. Costs a call for every message, which does not say of which task it tells. */
  readonly taskId?: string | undefined;
}

export const isWanted = (change: Change, { kinds, states, ids, taskId }: ChangeFilter): boolean =>
  (kinds?.includes(change.kind) ?? true) &&
  (states === undefined || (change.kind === 'run' && states.some((state) => state === change.state))) &&
  (ids?.includes(change.id) ?? true) &&
  (taskId === undefined || change.taskId === taskId);

/** A change out of its row, or out of a message: both have the same names. */
export const readChange = (row: Row, feed: string): Change => ({
  type: 'change',
  feed,
  seq: Number(row['seq']),
  kind: row['kind'] === 'task' ? 'task' : 'run',
  id: textOf(row, 'id'),
  version: Number(row['version']),
  state: typeof row['state'] === 'string' ? row['state'] : null,
  ...(typeof row['task_id'] === 'string' ? { taskId: row['task_id'] } : {}),
});

/** All changes of a message, if it is one of this feed and nothing is missing inside. */
export const readChangesMessage = (
  payload: unknown,
  feed: string,
): { readonly last: number; readonly items?: readonly Change[] } | undefined => {
  const { last, changes } = (typeof payload === 'object' && payload !== null ? payload : {}) as ChangesPayload;
  if (typeof last !== 'number') return undefined;
  if (!Array.isArray(changes) || changes.length === 0) return { last };
  const items = changes.map((row: Row) => readChange(row, feed));
  const isComplete = items.at(-1)?.seq === last && items.every(({ seq }, index) => seq === last - items.length + 1 + index);
  return isComplete ? { last, items } : { last };
};

interface ChangesPayload {
  readonly last?: unknown;
  readonly changes?: unknown;
}
