import type { Run } from '@durabase/client';
import { readIdRange } from './read-id-range.ts';

/** Which runs a list shows, as it stands in the address. */
export interface RunFilter {
  readonly workspace?: string | undefined;
  /** Separated by commas. */
  readonly states?: string | undefined;
  /** Id of a task. */
  readonly task?: string | undefined;
  /** Words, or the beginning of an id. */
  readonly q?: string | undefined;
  readonly since?: '15m' | '1h' | '1d' | '7d' | undefined;
}

const SPANS_MS = { '15m': 900_000, '1h': 3_600_000, '1d': 86_400_000, '7d': 604_800_000 } as const;

/** The earliest acceptance that fits. */
export const sinceMs = ({ since }: RunFilter, nowMs: number): number =>
  since === undefined ? Number.NEGATIVE_INFINITY : nowMs - SPANS_MS[since];

/** Whether a run belongs into the list. Of words only the database knows: by them nothing does. */
export const isWanted = (run: Run, filter: RunFilter, nowMs: number): boolean => {
  const { workspace, states, task, q } = filter;
  const range = q === undefined ? undefined : readIdRange(q);
  return (
    (workspace === undefined || run.workspaceId === workspace) &&
    (states === undefined || states.split(',').includes(run.state)) &&
    (task === undefined || run.taskId === task) &&
    (q === undefined || (range !== undefined && run.id >= range.first && run.id <= range.last)) &&
    Date.parse(run.createdAt) >= sinceMs(filter, nowMs)
  );
};
