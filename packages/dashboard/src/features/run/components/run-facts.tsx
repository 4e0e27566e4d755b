import type { Run } from '@durabase/client';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { CopyButton } from '../../../components/copy-button.tsx';
import { Duration, Moment } from '../../../components/moment.tsx';
import { shortId } from '../../../lib/run-facts.ts';
import type { TaskName } from '../../../lib/task-names.ts';
import { useLinks } from '../api/get-links.ts';
import './run-facts.css';

/** That of most runs says nothing. */
const USUAL_PRIORITY = 3;

interface RunFactsProps {
  readonly run: Run;
  readonly task: TaskName | undefined;
  /** undefined: this person may not see it. */
  readonly versionNumber: number | undefined;
}

/** What is known of a run, at a glance. */
export const RunFacts = ({ run, task, versionNumber }: RunFactsProps) => (
  <dl className="facts panel">
    <Fact name="Run">
      <code className="cut" title={run.id}>
        {run.id}
      </code>
      <CopyButton text={run.id} label="Copy the id" />
    </Fact>
    <Fact name="Task">
      {versionNumber === undefined ? (
        <span className="cut">{task?.slug ?? shortId(run.taskId)}</span>
      ) : (
        <>
          <Link to="/tasks/$task" params={{ task: run.taskId }} className="link cut">
            {task?.slug ?? shortId(run.taskId)}
          </Link>
          <span className="soft">v{versionNumber}</span>
        </>
      )}
    </Fact>
    <Fact name="Started by">
      <span className="cut" title={run.actor.name}>
        {run.actor.name}
      </span>
    </Fact>
    <Fact name="Accepted">
      <Moment at={run.createdAt} />
    </Fact>
    <Fact name="Began">{run.startedAt === null ? <When run={run} /> : <Moment at={run.startedAt} />}</Fact>
    <Fact name="Took">
      <Duration from={run.startedAt} to={run.finishedAt} />
    </Fact>
    {run.deadlineAt === null || run.finishedAt !== null ? null : (
      <Fact name="Deadline">
        <Moment at={run.deadlineAt} />
      </Fact>
    )}
    {run.priority === USUAL_PRIORITY ? null : <Fact name="Priority">{run.priority}</Fact>}
    {run.mode === 'sync' ? <Fact name="Mode">one at a time</Fact> : null}
    {task === undefined || task.tags.length === 0 ? null : (
      <Fact name="Tags">
        <span className="cut">{task.tags.join(', ')}</span>
      </Fact>
    )}
    <Kin runId={run.id} />
  </dl>
);

const Fact = ({ name, children }: { readonly name: string; readonly children: ReactNode }) => (
  <div className="fact">
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

const When = ({ run }: { readonly run: Run }) =>
  run.state === 'scheduled' ? <Moment at={run.runAt} /> : <span className="soft">not yet</span>;

const WORDS = { child: 'Child of', fork: 'Forked from', retry: 'Retry of', rerun: 'Run again from' } as const;

/** The run that it was made from, and those that were made from it. */
const Kin = ({ runId }: { readonly runId: string }) => {
  const { data } = useLinks(runId);
  return (
    <>
      {data?.parent === undefined ? null : (
        <Fact name={WORDS[data.parent.kind]}>
          <RunLink runId={data.parent.parent_run_id} />
        </Fact>
      )}
      {data === undefined || data.made.length === 0 ? null : (
        <Fact name="Led to">
          {data.made.slice(0, 3).map(({ run_id: id }) => (
            <RunLink key={id} runId={id} />
          ))}
          {data.made.length > 3 ? <span className="soft">and {data.made.length - 3} more</span> : null}
        </Fact>
      )}
    </>
  );
};

const RunLink = ({ runId }: { readonly runId: string }) => (
  <Link to="/runs/$run" params={{ run: runId }} className="link">
    <code>{shortId(runId)}</code>
  </Link>
);
