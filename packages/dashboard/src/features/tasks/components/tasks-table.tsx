import type { TaskSummary } from '@durabase/contracts/api/task';
import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { Icon } from '../../../components/icon.tsx';
import { Moment } from '../../../components/moment.tsx';
import { VersionBadge } from './version-badge.tsx';
import './tasks-table.css';

/** Tasks, with what can be done first: starting them. */
export const TasksTable = ({ tasks, mayRun }: { readonly tasks: readonly TaskSummary[]; readonly mayRun: boolean }) => (
  <ul className="panel tasks" aria-label="Tasks">
    {tasks.map((task) => (
      <li key={task.id} className="task-line">
        <div className="task-main">
          <div className="task-name">
            <Link to="/tasks/$task" params={{ task: task.id }} className="task-link">
              {task.name}
            </Link>
            <code className="soft cut">{task.slug}</code>
          </div>
          <p className="soft cut task-text">{task.description ?? ''}</p>
        </div>
        <span className="task-tags cut">
          {task.tags.map((tag) => (
            <span key={tag} className="tag">
              {tag}
            </span>
          ))}
        </span>
        <span className="task-state">
          {task.latestVersion === null ? null : (
            <>
              <VersionBadge state={task.latestVersion.state} />
              <span className="soft small">v{task.latestVersion.number}</span>
            </>
          )}
        </span>
        <span className="task-when soft small">
          <Moment at={task.updatedAt} />
        </span>
        <span className="task-start">
          {mayRun && task.readyVersion !== null ? (
            <Button
              renderRoot={(props) => <Link to="/tasks/$task/start" params={{ task: task.id }} {...props} />}
              variant="default"
              size="compact-sm"
              leftSection={<Icon name="play" size={12} />}
              aria-label={`Start ${task.name}`}
            >
              Start
            </Button>
          ) : null}
        </span>
      </li>
    ))}
  </ul>
);
