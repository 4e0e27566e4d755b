import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { LiveBanner, LiveStatus } from '../components/live-status.tsx';
import { PageHead } from '../components/page-head.tsx';
import { useLiveRuns } from '../features/runs/api/watch-runs.ts';
import { RunsFilters } from '../features/runs/components/runs-filters.tsx';
import type { RunFilter } from '../features/runs/run-filter.ts';
import { useTaskNames } from '../lib/task-names.ts';
import { useTitle } from '../lib/use-title.ts';
import { RunsList } from './runs-list.tsx';

export const RunsPage = () => {
  useTitle('Runs');
  const { workspace, states, task, q, since } = useSearch({ from: '/shell/runs' });
  const filter: RunFilter = useMemo(() => ({ workspace, states, task, q, since }), [workspace, states, task, q, since]);
  const connection = useLiveRuns(filter);
  const navigate = useNavigate({ from: '/runs' });
  const change = (part: Partial<RunFilter>): void =>
    void navigate({ search: (search) => ({ ...search, ...part }), replace: true });
  return (
    <>
      <PageHead title="Runs">
        <LiveStatus connection={connection} />
      </PageHead>
      <LiveBanner connection={connection} />
      <RunsFilters filter={filter} tasks={useTaskNames(workspace)} onChange={change} />
      <RunsList filter={filter} />
    </>
  );
};
