import type { Run } from '@durabase/contracts/api/run';
import { DurabaseError } from '../errors.ts';
import { readRun, rowsOf, textOf } from '../runs/read-rows.ts';
import type { Calls } from '../supabase/create-calls.ts';
import type { FeedItem } from './change.ts';

/** How many runs it remembers the version of. */
const MAX_REMEMBERED = 10_000;

/** Reads the runs that changed, and adds each to its last change in the batch: never an older version than before. */
export const createRunMerger = (
  calls: Calls,
): ((items: readonly FeedItem[], signal: AbortSignal) => Promise<readonly FeedItem[]>) => {
  const versions = new Map<string, number>();
  const remember = (id: string, version: number): void => {
    versions.delete(id);
    versions.set(id, version);
    const [oldest] = versions.keys();
    if (versions.size > MAX_REMEMBERED && oldest !== undefined) versions.delete(oldest);
  };
  return async (items, signal) => {
    const wanted = newestVersions(items, versions);
    if (wanted.size === 0) return items;
    const runs = await readRuns(calls, wanted, signal);
    const merged: FeedItem[] = [];
    for (const item of items.toReversed()) {
      const run = item.type === 'change' && item.kind === 'run' ? runs.get(item.id) : undefined;
      const isNewer = run !== undefined && run.version > (versions.get(run.id) ?? 0);
      merged.push(isNewer ? ({ ...item, type: 'change', run } as FeedItem) : item);
      if (isNewer) remember(run.id, run.version);
    }
    return merged.reverse();
  };
};

/** The runs of which a newer version than before is announced, with that version. */
const newestVersions = (items: readonly FeedItem[], known: ReadonlyMap<string, number>): ReadonlyMap<string, number> => {
  const newest = new Map<string, number>();
  for (const item of items) {
    if (item.type !== 'change' || item.kind !== 'run') continue;
    if (item.version > (known.get(item.id) ?? 0)) newest.set(item.id, Math.max(newest.get(item.id) ?? 0, item.version));
  }
  return newest;
};

const readRuns = async (
  calls: Calls,
  wanted: ReadonlyMap<string, number>,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Run>> => {
  const rows = await calls.read('task_runs', (all) => all.in('id', [...wanted.keys()]), signal);
  const runs = new Map(rowsOf(rows).map((row) => [textOf(row, 'id'), readRun(row)]));
  for (const [id, version] of wanted) {
    // A copy of the database that lags behind: what it says was true once.
    if ((runs.get(id)?.version ?? version) < version)
      throw new DurabaseError('DATABASE_UNAVAILABLE', { message: `run ${id} was read in an older version than announced` });
  }
  return runs;
};
