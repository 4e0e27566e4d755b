import { Icon } from '../../../components/icon.tsx';
import { StateBadge } from '../../../components/state-badge.tsx';
import { formatDuration } from '../../../lib/format-time.ts';
import type { Timeline, TimelineRow } from '../build-timeline.ts';
import { Track } from './track.tsx';
import './run-timeline.css';

interface StepRowProps {
  readonly row: TimelineRow;
  readonly timeline: Timeline;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

/** A step, or an item of a loop, and when it worked. */
export const StepRow = ({ row, timeline, isOpen, onToggle }: StepRowProps) => {
  const { step, stretches, name, stepId } = row;
  const firstMs = stretches[0]?.fromMs;
  const lastMs = stretches.at(-1)?.toMs;
  return (
    <button
      type="button"
      className="timeline-row"
      aria-expanded={step === undefined ? undefined : isOpen}
      disabled={step === undefined}
      onClick={onToggle}
      data-step={stepId}
      data-iteration={row.iteration}
    >
      <span className="timeline-name cut">
        <Icon name={isOpen ? 'down' : 'right'} size={13} className="timeline-arrow" />
        <span className="cut">{name}</span>
        <code className="soft">{row.action}</code>
      </span>
      <Track stretches={stretches} timeline={timeline} />
      <span className="timeline-end">
        {step === undefined ? <span className="soft small">Not begun</span> : <StateBadge state={step.state} isBare />}
        <span className="soft small nums">
          {firstMs === undefined || lastMs === undefined ? '' : formatDuration(lastMs - firstMs)}
        </span>
      </span>
    </button>
  );
};
