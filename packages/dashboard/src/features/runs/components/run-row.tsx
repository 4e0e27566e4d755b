import type { Run } from '@durabase/client';
import { Link } from '@tanstack/react-router';
import { memo } from 'react';
import { Duration, Moment } from '../../../components/moment.tsx';
import { StateBadge } from '../../../components/state-badge.tsx';
import { describeReason, shortId } from '../../../lib/run-facts.ts';
import type { TaskName } from '../../../lib/task-names.ts';

interface RunRowProps {
  readonly run: Run;
  readonly task: TaskName | undefined;
  readonly rowIndex: number;
  readonly offsetPx: number;
  readonly heightPx: number;
}

export const RunRow = memo(({ run, task, rowIndex, offsetPx, heightPx }: RunRowProps) => {
  const reason = describeReason(run);
  return (
    <div
      className="run-row run-line"
      role="row"
      aria-rowindex={rowIndex}
      style={{ height: heightPx, transform: `translateY(${offsetPx}px)` }}
      data-run={run.id}
    >
      <span role="cell" className="run-state">
        <StateBadge state={run.state} />
      </span>
      <span role="cell" className="run-task cut">
        <Link to="/runs/$run" params={{ run: run.id }} className="run-link">
          {task?.name ?? 'Task'}
        </Link>
        <code className="soft" title={run.id}>
          {shortId(run.id)}
        </code>
      </span>
      <span role="cell" className="run-why soft cut" title={reason}>
        {reason ?? ''}
      </span>
      <span role="cell" className="run-by soft cut">
        {run.actor.name}
      </span>
      <span role="cell" className="run-at soft">
        <Moment at={run.createdAt} />
      </span>
      <span role="cell" className="run-took">
        <Duration from={run.startedAt} to={run.finishedAt} />
      </span>
    </div>
  );
});
RunRow.displayName = 'RunRow';
