import { useCallback, useMemo } from 'react';
import { ErrorNotice, Notice } from '../components/notice.tsx';
import { SkeletonRows } from '../components/skeleton-rows.tsx';
import { useRuns } from '../features/runs/api/list-runs.ts';
import { RunsTable } from '../features/runs/components/runs-table.tsx';
import type { RunFilter } from '../features/runs/run-filter.ts';
import { useWorkspaces } from '../features/workspaces/api/list-workspaces.ts';
import { useTaskNames } from '../lib/task-names.ts';

/** Runs of a filter; whoever shows it keeps it live. */
export const RunsList = ({ filter }: { readonly filter: RunFilter }) => {
  const { data, error, isPending, refetch, fetchNextPage, hasNextPage, isFetchingNextPage } = useRuns(filter);
  const tasks = useTaskNames(filter.workspace);
  const runs = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  const readMore = useCallback(() => {
    if (!isFetchingNextPage) void fetchNextPage();
  }, [fetchNextPage, isFetchingNextPage]);
  if (isPending) return <SkeletonRows label="Loading the runs" />;
  if (error !== null && data === undefined) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (runs.length === 0) return <NoRuns filter={filter} />;
  return <RunsTable runs={runs} tasks={tasks} hasMore={hasNextPage} onEnd={readMore} />;
};

const NoRuns = ({ filter: { workspace, ...wishes } }: { readonly filter: RunFilter }) => {
  const { data: workspaces } = useWorkspaces();
  if (Object.values(wishes).some((wish) => wish !== undefined)) {
    return (
      <div className="panel">
        <Notice icon="search" title="No run fits">
          Loosen the filters, or wait: a run that fits appears here by itself.
        </Notice>
      </div>
    );
  }
  if (
    workspaces !== undefined &&
    (workspaces.length === 0 || (workspace !== undefined && !workspaces.some(({ id }) => id === workspace)))
  ) {
    return (
      <div className="panel">
        <Notice icon="lock" title="No access">
          You are not a member of {workspace === undefined ? 'any' : 'this'} workspace. Ask an owner or an admin to add you.
        </Notice>
      </div>
    );
  }
  return (
    <div className="panel">
      <Notice icon="runs" title="No runs yet">
        Start a task, here, from SQL or from your app. It appears as soon as it is accepted.
      </Notice>
    </div>
  );
};
