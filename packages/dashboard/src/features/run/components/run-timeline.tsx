import { useNavigate, useSearch } from '@tanstack/react-router';
import type { CSSProperties } from 'react';
import { Icon } from '../../../components/icon.tsx';
import { lookOf, StateBadge } from '../../../components/state-badge.tsx';
import { formatAbsolute, formatDuration } from '../../../lib/format-time.ts';
import type { Stretch, Timeline, TimelineRow } from '../build-timeline.ts';
import { chooseMarkStep } from '../choose-marks.ts';
import { StepDetail } from './step-detail.tsx';
import './run-timeline.css';

interface RunTimelineProps {
  readonly timeline: Timeline;
  readonly onFork: ((stepId: string) => void) | undefined;
}

/** When each step worked, waited and was tried again. A row opens to show what went in and what came out. */
export const RunTimeline = ({ timeline, onFork }: RunTimelineProps) => {
  const { step: open } = useSearch({ from: '/shell/runs/$run' });
  const navigate = useNavigate({ from: '/runs/$run' });
  const toggle = (key: string): void =>
    void navigate({
      search: (search) => ({ ...search, step: search.step === key ? undefined : key }),
      replace: true,
      resetScroll: false,
    });
  return (
    <div className="panel timeline" style={{ '--grid': `${gridShare(timeline) * 100}%` } as CSSProperties}>
      <Axis timeline={timeline} />
      <div className="timeline-run">
        <span className="soft small">Run</span>
        <Track stretches={timeline.run} timeline={timeline} isThin />
        <span />
      </div>
      <ul className="timeline-rows">
        {timeline.rows.map((row) => (
          <li key={row.key}>
            <StepRow row={row} timeline={timeline} isOpen={open === row.key} onToggle={() => toggle(row.key)} />
            {open === row.key && row.step !== undefined ? (
              <StepDetail step={row.step} onFork={onFork === undefined ? undefined : () => onFork(row.stepId)} />
            ) : null}
          </li>
        ))}
      </ul>
    </div>
  );
};

const gridShare = ({ fromMs, toMs }: Timeline): number => chooseMarkStep(toMs - fromMs) / (toMs - fromMs);

/** The last mark needs room before the end of the scale. */
const LAST_SHARE = 0.97;

const Axis = ({ timeline: { fromMs, toMs } }: { readonly timeline: Timeline }) => {
  const spanMs = toMs - fromMs;
  const step = chooseMarkStep(spanMs);
  const marks = Array.from({ length: Math.floor((spanMs * LAST_SHARE) / step) + 1 }, (_, index) => index * step);
  return (
    <div className="timeline-axis" aria-hidden="true">
      <span />
      <div className="axis-track">
        {marks.map((ms) => (
          <span key={ms} className="axis-mark nums" style={{ left: `${(ms / spanMs) * 100}%` }}>
            {ms === 0 ? '0' : formatMark(ms)}
          </span>
        ))}
      </div>
      <span />
    </div>
  );
};

/** `2 s`, not `2.0 s`. */
const formatMark = (ms: number): string => formatDuration(ms).replace('.0 ', ' ');

interface StepRowProps {
  readonly row: TimelineRow;
  readonly timeline: Timeline;
  readonly isOpen: boolean;
  readonly onToggle: () => void;
}

const StepRow = ({ row, timeline, isOpen, onToggle }: StepRowProps) => {
  const { step, stretches, name, stepId } = row;
  const label = row.iteration > 0 || (row.iteration === 0 && isInLoop(row, timeline)) ? `${name} · ${row.iteration + 1}` : name;
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
        <span className="cut">{label}</span>
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

const isInLoop = ({ stepId }: TimelineRow, { rows }: Timeline): boolean =>
  rows.some((row) => row.stepId === stepId && row.iteration === -1);

interface TrackProps {
  readonly stretches: readonly Stretch[];
  readonly timeline: Timeline;
  readonly isThin?: boolean;
}

const Track = ({ stretches, timeline: { fromMs, toMs }, isThin = false }: TrackProps) => (
  <span className={isThin ? 'track track-thin' : 'track'}>
    {stretches.map((stretch) => (
      <span
        key={`${stretch.fromMs}/${stretch.state}`}
        className={`bar tone-${lookOf(stretch.state).tone} bar-${stretch.state}`}
        style={{
          left: `${((stretch.fromMs - fromMs) / (toMs - fromMs)) * 100}%`,
          width: `${((stretch.toMs - stretch.fromMs) / (toMs - fromMs)) * 100}%`,
        }}
        title={describeStretch(stretch)}
      />
    ))}
  </span>
);

const describeStretch = ({ state, attempt, fromMs, toMs }: Stretch): string =>
  [
    attempt === undefined ? '' : `Attempt ${attempt}: `,
    `${lookOf(state).word}, ${formatDuration(toMs - fromMs)}, from ${formatAbsolute(new Date(fromMs).toISOString())}`,
  ].join('');
