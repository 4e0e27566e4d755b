import type { TaskWithVersion } from '@durabase/contracts/api/task';
import { Button, Tabs } from '@mantine/core';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { Icon } from '../components/icon.tsx';
import { LiveBanner } from '../components/live-status.tsx';
import { ErrorNotice, Notice } from '../components/notice.tsx';
import { PageHead } from '../components/page-head.tsx';
import { SkeletonRows } from '../components/skeleton-rows.tsx';
import { useLiveRuns } from '../features/runs/api/watch-runs.ts';
import { useTask } from '../features/tasks/api/get-task.ts';
import { useLiveTasks } from '../features/tasks/api/watch-tasks.ts';
import { TaskEditor } from '../features/tasks/components/task-editor.tsx';
import { VersionBadge } from '../features/tasks/components/version-badge.tsx';
import { VersionsList } from '../features/tasks/components/versions-list.tsx';
import { useRights } from '../lib/use-rights.ts';
import { useTitle } from '../lib/use-title.ts';
import { RunsList } from './runs-list.tsx';

const FIRST_TASK = {
  slug: 'my-task',
  name: 'My task',
  input: { type: 'object', properties: { day: { type: 'string', format: 'date' } } },
  steps: [{ id: 'fetch', action: 'http', with: { url: 'https://example.com/?day={{ input.day }}' } }],
};

const Back = () => (
  <Link to="/tasks" className="link">
    Tasks
  </Link>
);

export const TaskPage = () => {
  const { task } = useParams({ from: '/shell/tasks/$task' });
  const { workspace } = useSearch({ from: '/shell/tasks/$task' });
  const { data, error, refetch } = useTask(task, workspace);
  useTitle(data?.task.name ?? 'Task');
  if (data !== undefined) return <KnownTask key={data.task.id} found={data} />;
  if (error !== null) return <ErrorNotice error={error} onRetry={() => void refetch()} isPage />;
  return <SkeletonRows label="Loading the task" count={6} />;
};

const KnownTask = ({ found: { task, version } }: { readonly found: TaskWithVersion }) => {
  const { tab = 'definition' } = useSearch({ from: '/shell/tasks/$task' });
  const navigate = useNavigate({ from: '/tasks/$task' });
  const { mayEdit, mayRun } = useRights({ workspaceId: task.workspaceId, taskId: task.id });
  useLiveTasks(task.workspaceId);
  const choose = (chosen: string | null): void =>
    void navigate({ search: (search) => ({ ...search, tab: chosen as typeof tab }), replace: true, resetScroll: false });
  return (
    <>
      <PageHead
        above={<Back />}
        title={
          <span className="run-title">
            {task.name}
            {version === null ? null : <VersionBadge state={version.state} />}
          </span>
        }
        below={
          <>
            <code>{task.slug}</code>
            {task.description === null ? null : ` · ${task.description}`}
          </>
        }
      >
        {mayRun && task.readyVersion !== null ? (
          <Button
            renderRoot={(props) => <Link to="/tasks/$task/start" params={{ task: task.id }} {...props} />}
            leftSection={<Icon name="play" size={14} />}
          >
            Start
          </Button>
        ) : null}
      </PageHead>
      <Tabs value={tab} onChange={choose} keepMounted={false}>
        <Tabs.List mb="md">
          <Tabs.Tab value="definition">Definition</Tabs.Tab>
          <Tabs.Tab value="versions">Versions</Tabs.Tab>
          <Tabs.Tab value="runs">Runs</Tabs.Tab>
        </Tabs.List>
        {/* Whoever looks at the versions in between loses nothing of what he writes. */}
        <Tabs.Panel value="definition" keepMounted>
          <TaskEditor version={version ?? undefined} example={FIRST_TASK} workspace={task.workspaceId} mayEdit={mayEdit} />
        </Tabs.Panel>
        <Tabs.Panel value="versions">
          <VersionsList taskId={task.id} readyId={task.readyVersion?.id} />
        </Tabs.Panel>
        <Tabs.Panel value="runs">
          <TaskRuns taskId={task.id} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
};

const TaskRuns = ({ taskId }: { readonly taskId: string }) => {
  const filter = useMemo(() => ({ task: taskId }), [taskId]);
  const connection = useLiveRuns(filter);
  return (
    <>
      <LiveBanner connection={connection} />
      <RunsList filter={filter} />
    </>
  );
};

export const NewTaskPage = () => {
  useTitle('New task');
  const { workspace } = useSearch({ from: '/shell/tasks/new' });
  const { userId, mayEdit } = useRights({ workspaceId: workspace });
  const navigate = useNavigate();
  if (userId !== '' && !mayEdit) {
    return (
      <Notice icon="lock" title="No access" isPage>
        You are no editor of {workspace === undefined ? 'any' : 'this'} workspace: tasks are written by editors, admins and
        owners.
      </Notice>
    );
  }
  return (
    <>
      <PageHead above={<Back />} title="New task" below="What it takes, what it does, and under which bounds." />
      <TaskEditor
        version={undefined}
        example={FIRST_TASK}
        workspace={workspace}
        mayEdit
        onSave={({ task }) => void navigate({ to: '/tasks/$task', params: { task: task.id }, ignoreBlocker: true })}
      />
    </>
  );
};
