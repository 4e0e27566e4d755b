import { useNavigate, useSearch } from '@tanstack/react-router';
import type { CSSProperties } from 'react';
import { formatDuration } from '../../../lib/format-time.ts';
import type { Timeline, TimelineRow } from '../build-timeline.ts';
import { chooseMarkStep } from '../choose-marks.ts';
import { LoopItems } from './loop-items.tsx';
import { StepDetail } from './step-detail.tsx';
import { StepRow } from './step-row.tsx';
import { Track } from './track.tsx';
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
  const draw = (row: TimelineRow) => (
    <>
      <StepRow row={row} timeline={timeline} isOpen={open === row.key} onToggle={() => toggle(row.key)} />
      {open === row.key && row.step !== undefined ? (
        <StepDetail step={row.step} onFork={onFork === undefined ? undefined : () => onFork(row.stepId)} />
      ) : null}
    </>
  );
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
            {draw(row)}
            {row.items.length === 0 ? null : <LoopItems items={row.items} openKey={open} draw={draw} />}
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
