import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { ErrorNotice, Notice } from '../components/notice.tsx';
import { PageHead } from '../components/page-head.tsx';
import { SkeletonRows } from '../components/skeleton-rows.tsx';
import { type StartFacts, useStartFacts } from '../features/start/api/get-start-facts.ts';
import { StartForm } from '../features/start/components/start-form.tsx';
import { useRights } from '../lib/use-rights.ts';
import { useTitle } from '../lib/use-title.ts';

export const StartPage = () => {
  const { task } = useParams({ from: '/shell/tasks/$task/start' });
  const { data: facts, error, refetch } = useStartFacts(task);
  useTitle(facts === undefined ? 'Start' : `Start ${facts.name}`);
  if (facts !== undefined) return <KnownStart facts={facts} />;
  if (error !== null) return <ErrorNotice error={error} onRetry={() => void refetch()} isPage />;
  return <SkeletonRows label="Loading the task" count={4} />;
};

const KnownStart = ({ facts }: { readonly facts: StartFacts }) => {
  const { taskId, name, description, workspaceId, versionNumber, schema } = facts;
  const { userId, mayRun } = useRights({ workspaceId, taskId });
  const navigate = useNavigate();
  return (
    <>
      <PageHead
        above={
          <Link to="/tasks/$task" params={{ task: taskId }} className="link">
            {name}
          </Link>
        }
        title={`Start ${name}`}
        below={description}
      />
      {userId !== '' && !mayRun ? (
        <Notice icon="lock" title="No access">
          You may look at this task, not start it.
        </Notice>
      ) : versionNumber === undefined ? (
        <Notice icon="task" title="Nothing is ready to be started">
          No version of this task compiles yet.
        </Notice>
      ) : (
        <div className="panel start-card">
          <StartForm
            taskId={taskId}
            schema={schema}
            onStart={(run) => void navigate({ to: '/runs/$run', params: { run: run.id } })}
          />
        </div>
      )}
    </>
  );
};
