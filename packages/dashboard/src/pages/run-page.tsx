import type { Run } from '@durabase/client';
import { Tabs } from '@mantine/core';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useMemo, useState } from 'react';
import { LiveBanner, LiveStatus } from '../components/live-status.tsx';
import { ErrorNotice } from '../components/notice.tsx';
import { PageHead } from '../components/page-head.tsx';
import { SkeletonRows } from '../components/skeleton-rows.tsx';
import { StateBadge } from '../components/state-badge.tsx';
import { allowedOperations } from '../features/run/allowed-operations.ts';
import { useRun } from '../features/run/api/get-run.ts';
import { useStory } from '../features/run/api/get-story.ts';
import { useRunVersion } from '../features/run/api/get-version.ts';
import { MAX_STEPS, useSteps } from '../features/run/api/list-steps.ts';
import { type LiveRun, useLiveRun } from '../features/run/api/watch-run.ts';
import { buildTimeline } from '../features/run/build-timeline.ts';
import { ErrorBox } from '../features/run/components/error-box.tsx';
import { RunActions } from '../features/run/components/run-actions.tsx';
import { RunFacts } from '../features/run/components/run-facts.tsx';
import { RunFeed } from '../features/run/components/run-feed.tsx';
import { RunStory } from '../features/run/components/run-story.tsx';
import { RunTimeline } from '../features/run/components/run-timeline.tsx';
import { Value } from '../features/run/components/value.tsx';
import { useRights } from '../lib/use-rights.ts';
import { describeReason } from '../lib/run-facts.ts';
import { useTaskNames } from '../lib/task-names.ts';
import { useNow } from '../lib/use-now.ts';
import { useTitle } from '../lib/use-title.ts';
import './run-page.css';

export const RunPage = () => {
  const { run: runId } = useParams({ from: '/shell/runs/$run' });
  const { data: run, error, refetch } = useRun(runId);
  if (run !== undefined) return <KnownRun key={runId} run={run} />;
  if (error !== null) return <UnknownRun error={error} onRetry={() => void refetch()} />;
  return <SkeletonRows label="Loading the run" count={6} />;
};

const UnknownRun = (props: { readonly error: unknown; readonly onRetry: () => void }) => {
  useTitle('Run');
  return <ErrorNotice {...props} isPage />;
};

const KnownRun = ({ run }: { readonly run: Run }) => {
  const live = useLiveRun(run.id);
  const { data: version } = useRunVersion(run.versionId);
  const task = useTaskNames(run.workspaceId).get(run.taskId);
  const rights = useRights({ workspaceId: run.workspaceId, taskId: run.taskId });
  const [forkFrom, setForkFrom] = useState<string>();
  useTitle(`${task?.name ?? 'Run'}: ${run.state.replace('_', ' ')}`);
  const mayFork = allowedOperations(run, rights).includes('fork');
  const isWaiting = run.finishedAt === null;
  return (
    <>
      <PageHead
        above={
          <Link to="/runs" className="link">
            Runs
          </Link>
        }
        title={
          <span className="run-title">
            {task?.name ?? 'Run'}
            <StateBadge state={run.state} />
          </span>
        }
        below={isWaiting ? describeReason(run) : undefined}
      >
        <LiveStatus connection={live.connection} />
        <RunActions
          run={run}
          rights={rights}
          steps={version?.steps ?? []}
          forkFrom={forkFrom}
          failedStep={live.events.findLast(({ kind }) => kind === 'step.failed')?.stepId ?? undefined}
          onForkClose={() => setForkFrom(undefined)}
        />
      </PageHead>
      <LiveBanner connection={live.connection} />
      <RunFacts run={run} task={task} versionNumber={version?.number} />
      {run.finishedAt !== null && run.error !== null ? (
        <div className="run-error">
          <ErrorBox error={run.error} />
        </div>
      ) : null}
      <RunTabs run={run} live={live} onFork={mayFork ? setForkFrom : undefined} />
    </>
  );
};

interface RunTabsProps {
  readonly run: Run;
  readonly live: LiveRun;
  readonly onFork: ((stepId: string) => void) | undefined;
}

const RunTabs = ({ run, live, onFork }: RunTabsProps) => {
  const { tab = 'steps' } = useSearch({ from: '/shell/runs/$run' });
  const navigate = useNavigate({ from: '/runs/$run' });
  const { data: story } = useStory(run.id, tab === 'story');
  const choose = (chosen: string | null): void =>
    void navigate({ search: (search) => ({ ...search, tab: chosen as typeof tab }), replace: true, resetScroll: false });
  return (
    <Tabs value={tab} onChange={choose} keepMounted={false} className="run-tabs">
      <Tabs.List mb="md">
        <Tabs.Tab value="steps">Steps</Tabs.Tab>
        <Tabs.Tab value="feed">Feed</Tabs.Tab>
        <Tabs.Tab value="data">Input and output</Tabs.Tab>
        {story === undefined ? null : <Tabs.Tab value="story">Story</Tabs.Tab>}
      </Tabs.List>
      <Tabs.Panel value="steps">
        <Steps run={run} live={live} onFork={onFork} />
      </Tabs.Panel>
      <Tabs.Panel value="feed">
        <RunFeed events={live.events} />
      </Tabs.Panel>
      <Tabs.Panel value="data">
        <div className="run-data">
          <Value title="Input" value={run.input} reference={null} />
          <Value title="Output" value={run.output} reference={run.outputRef} />
        </div>
      </Tabs.Panel>
      {story === undefined ? null : (
        <Tabs.Panel value="story">
          <RunStory story={story} />
        </Tabs.Panel>
      )}
    </Tabs>
  );
};

const Steps = ({ run, live: { events }, onFork }: RunTabsProps) => {
  const { data: steps, error, refetch } = useSteps(run.id);
  const { data: version } = useRunVersion(run.versionId);
  const now = useNow();
  const nowMs = run.finishedAt === null ? now : 0;
  const timeline = useMemo(
    () => buildTimeline({ run, steps: steps ?? [], events, planned: version?.steps ?? [], nowMs }),
    [run, steps, events, version, nowMs],
  );
  if (error !== null && steps === undefined) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (steps === undefined) return <SkeletonRows label="Loading the steps" count={4} />;
  return (
    <>
      <RunTimeline timeline={timeline} onFork={onFork} />
      {steps.length < MAX_STEPS ? null : (
        <p className="soft small run-more">The first {MAX_STEPS.toLocaleString('en')} steps are shown; the feed tells of all.</p>
      )}
    </>
  );
};
