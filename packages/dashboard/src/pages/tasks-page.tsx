import type { TaskSummary } from '@durabase/contracts/api/task';
import { Button, SegmentedControl, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { Icon } from '../components/icon.tsx';
import { LiveBanner, LiveStatus } from '../components/live-status.tsx';
import { ErrorNotice, Notice } from '../components/notice.tsx';
import { PageHead } from '../components/page-head.tsx';
import { SkeletonRows } from '../components/skeleton-rows.tsx';
import { MAX_TASKS, useFoundTasks, useTasks } from '../features/tasks/api/list-tasks.ts';
import { useLiveTasks } from '../features/tasks/api/watch-tasks.ts';
import { TasksTable } from '../features/tasks/components/tasks-table.tsx';
import { useRights } from '../lib/use-rights.ts';
import { useTitle } from '../lib/use-title.ts';
import './tasks-page.css';

const STATES = [
  { value: 'all', label: 'All' },
  { value: 'ready', label: 'Ready' },
  { value: 'invalid', label: 'Invalid' },
  { value: 'draft', label: 'Draft' },
];

const TYPING_MS = 250;

const isMeant = ({ slug, name, description, tags }: TaskSummary, q: string): boolean =>
  [slug, name, description ?? '', ...tags].some((text) => text.toLowerCase().includes(q.toLowerCase()));

export const TasksPage = () => {
  useTitle('Tasks');
  const { workspace, q, state } = useSearch({ from: '/shell/tasks' });
  const navigate = useNavigate({ from: '/tasks' });
  const connection = useLiveTasks(workspace);
  const { mayEdit } = useRights({ workspaceId: workspace });
  return (
    <>
      <PageHead title="Tasks">
        <LiveStatus connection={connection} />
        {mayEdit ? (
          <Button renderRoot={(props) => <Link to="/tasks/new" {...props} />} leftSection={<Icon name="plus" size={14} />}>
            New task
          </Button>
        ) : null}
      </PageHead>
      <LiveBanner connection={connection} />
      <div className="task-filters" role="search" aria-label="Filter the tasks">
        <TextInput
          aria-label="Search the tasks"
          maxLength={200}
          placeholder="Name, slug or tag"
          leftSection={<Icon name="search" />}
          value={q ?? ''}
          onChange={(event) => {
            const text = event.currentTarget.value;
            void navigate({ search: (search) => ({ ...search, q: text === '' ? undefined : text }), replace: true });
          }}
        />
        <SegmentedControl
          aria-label="State of the newest version"
          data={STATES}
          value={state ?? 'all'}
          onChange={(chosen) =>
            void navigate({
              search: (search) => ({ ...search, state: chosen === 'all' ? undefined : (chosen as typeof state) }),
              replace: true,
            })
          }
        />
      </div>
      <TasksList />
    </>
  );
};

const TasksList = () => {
  const { workspace, q = '', state } = useSearch({ from: '/shell/tasks' });
  const { data: tasks, error, refetch } = useTasks(workspace);
  const { mayRun } = useRights({ workspaceId: workspace });
  const [asked] = useDebouncedValue(q.trim(), TYPING_MS);
  const isCut = (tasks?.length ?? 0) >= MAX_TASKS;
  const { data: found = [] } = useFoundTasks(workspace, isCut && asked !== '' ? asked : undefined);
  if (error !== null && tasks === undefined) return <ErrorNotice error={error} onRetry={() => void refetch()} />;
  if (tasks === undefined) return <SkeletonRows label="Loading the tasks" count={6} />;
  const meant = tasks.filter((task) => isMeant(task, q));
  const known = new Set(meant.map(({ id }) => id));
  const all = isCut && q !== '' ? [...meant, ...found.filter(({ id }) => !known.has(id))] : meant;
  const shown = all.filter((task) => state === undefined || task.latestVersion?.state === state);
  if (shown.length > 0) return <TasksTable tasks={shown} mayRun={mayRun} />;
  return (
    <div className="panel">
      {tasks.length === 0 ? (
        <NoTasks workspace={workspace} />
      ) : (
        <Notice icon="search" title="No task fits">
          Search for something else, or show all states.
        </Notice>
      )}
    </div>
  );
};

const NoTasks = ({ workspace }: { readonly workspace: string | undefined }) => {
  const { userId, mayEdit, isEndUser } = useRights({ workspaceId: workspace });
  if (userId !== '' && isEndUser) {
    return (
      <Notice icon="lock" title="No access">
        Tasks are shown to members of their workspace. What you have started stands among the runs.
      </Notice>
    );
  }
  return (
    <Notice icon="task" title="No tasks yet">
      {mayEdit
        ? 'A task says what to do, as data: write one here, or save it from SQL or from your app.'
        : 'A task says what to do, as data. Editors, admins and owners write them.'}
    </Notice>
  );
};
