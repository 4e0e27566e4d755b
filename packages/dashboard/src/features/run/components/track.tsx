import { lookOf } from '../../../components/state-badge.tsx';
import { formatAbsolute, formatDuration } from '../../../lib/format-time.ts';
import type { Stretch, Timeline } from '../build-timeline.ts';
import './run-timeline.css';

interface TrackProps {
  readonly stretches: readonly Stretch[];
  readonly timeline: Timeline;
  readonly isThin?: boolean;
}

/** A line of time, with what was done when. */
export const Track = ({ stretches, timeline: { fromMs, toMs }, isThin = false }: TrackProps) => (
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
