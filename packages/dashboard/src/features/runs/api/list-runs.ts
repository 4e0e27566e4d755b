import type { Run } from '@durabase/client';
import { readRun, type Row } from '@durabase/client/runs/read-rows';
import { translateError } from '@durabase/client/supabase/translate-error';
import { infiniteQueryOptions, useInfiniteQuery } from '@tanstack/react-query';
import { type Backend, useBackend } from '../../../lib/backend.ts';
import { readIdRange } from '../read-id-range.ts';
import { isWanted, type RunFilter, sinceMs } from '../run-filter.ts';

/** A page of runs, newest first. */
export interface RunPage {
  readonly items: readonly Run[];
  /** undefined: there are no older ones. */
  readonly nextCursor: string | undefined;
}

const PAGE = '50';

interface ApiPage {
  readonly items: readonly Run[];
  readonly nextCursor: string | null;
}

const fetchRuns = async (
  backend: Backend,
  filter: RunFilter,
  cursor: string | undefined,
  signal: AbortSignal,
): Promise<RunPage> => {
  if (filter.q !== undefined && cursor === undefined) {
    const byId = await findRuns(backend, filter, signal);
    if (byId.items.length > 0) return byId;
  }
  const { workspace, states, task, q } = filter;
  const page = await backend.api.get<ApiPage>('/runs', { workspace, states, task, q, cursor, limit: PAGE }, signal);
  const oldestMs = sinceMs(filter, Date.now());
  const items = page.items.filter((run) => Date.parse(run.createdAt) >= oldestMs);
  // They come newest first: behind the first that is too old there are only older ones.
  const isOver = items.length < page.items.length || page.nextCursor === null;
  return { items, nextCursor: isOver ? undefined : (page.nextCursor ?? undefined) };
};

/** By the beginning of an id, or all of it. */
const findRuns = async ({ supabase }: Backend, filter: RunFilter, signal: AbortSignal): Promise<RunPage> => {
  const range = readIdRange(filter.q ?? '');
  if (range === undefined) return { items: [], nextCursor: undefined };
  const found = supabase.schema('durabase').from('task_runs').select('*').gte('id', range.first).lte('id', range.last);
  const { data, error, status } = await found.order('id', { ascending: false }).limit(100).abortSignal(signal);
  if (error !== null) throw translateError(error, status);
  const runs = (data as readonly Row[]).map(readRun);
  return {
    items: runs.filter((run) => isWanted(run, filter, Date.now())),
    nextCursor: undefined,
  };
};

export const runsKey = (filter: RunFilter) => ['runs', filter] as const;

const runsQuery = (backend: Backend, filter: RunFilter) =>
  infiniteQueryOptions({
    queryKey: runsKey(filter),
    queryFn: ({ pageParam, signal }) => fetchRuns(backend, filter, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last: RunPage) => last.nextCursor,
    staleTime: Number.POSITIVE_INFINITY, // what changes is heard of
  });

/** Runs that fit a filter, read page by page. */
export const useRuns = (filter: RunFilter) => useInfiniteQuery(runsQuery(useBackend(), filter));
