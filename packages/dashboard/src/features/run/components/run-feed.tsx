import type { RunEvent } from '@durabase/client';
import { SegmentedControl } from '@mantine/core';
import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef, useState } from 'react';
import { Notice } from '../../../components/notice.tsx';
import { StateBadge } from '../../../components/state-badge.tsx';
import { formatAbsolute, formatClock } from '../../../lib/format-time.ts';
import { readTold } from '../../../lib/run-facts.ts';
import { type Line, markChanges } from '../mark-changes.ts';
import './run-feed.css';

const ROW_PX = 34;
const OVERSCAN = 20;

const KINDS = [
  { value: 'all', label: 'All' },
  { value: 'run', label: 'Run' },
  { value: 'step', label: 'Steps' },
  { value: 'log', label: 'Logs' },
] as const;
type Kind = (typeof KINDS)[number]['value'];

const isOfKind = (event: RunEvent, kind: Kind): boolean => {
  if (kind === 'all') return true;
  const isOther = !event.kind.startsWith('run.') && !event.kind.startsWith('step.');
  return kind === 'log' ? isOther : event.kind.startsWith(`${kind}.`);
};

/** Everything that a run told, newest first, as it comes. */
export const RunFeed = ({ events }: { readonly events: readonly RunEvent[] }) => {
  const [kind, setKind] = useState<Kind>('all');
  const shown = useMemo(
    () =>
      markChanges(events)
        .filter(({ event }) => isOfKind(event, kind))
        .toReversed(),
    [events, kind],
  );
  const place = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: shown.length,
    getScrollElement: () => place.current,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
    getItemKey: (index) => shown[index]?.event.seq ?? index,
  });
  return (
    <div className="panel">
      <div className="feed-head">
        <SegmentedControl
          size="xs"
          aria-label="Kind of lines"
          data={[...KINDS]}
          value={kind}
          onChange={(chosen) => setKind(KINDS.find(({ value }) => value === chosen)?.value ?? 'all')}
        />
        <span className="soft small nums">{shown.length === 1 ? '1 line' : `${shown.length} lines`}</span>
      </div>
      {shown.length === 0 ? (
        <Notice icon="wave" title="Nothing was told yet" />
      ) : (
        // Focusable, so that it can be scrolled by keys.
        <div ref={place} className="feed" tabIndex={0} role="log" aria-label="Events of this run, newest first">
          <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
            {rows.getVirtualItems().map(({ index, key, start }) => {
              const line = shown[index];
              if (line === undefined) return null;
              return <FeedLine key={key} {...line} index={index} offsetPx={start} measure={rows.measureElement} />;
            })}
          </div>
        </div>
      )}
    </div>
  );
};

interface FeedLineProps extends Line {
  readonly index: number;
  readonly offsetPx: number;
  /** Long texts take several lines. */
  readonly measure: (element: HTMLElement | null) => void;
}

const FeedLine = ({ event, isChange, index, offsetPx, measure }: FeedLineProps) => {
  const { seq, at, kind, state, stepId, iteration, attempt, data } = event;
  const place = [
    stepId,
    iteration !== null && iteration > 0 ? `#${iteration + 1}` : undefined,
    attempt !== null && attempt > 1 ? `attempt ${attempt}` : undefined,
  ];
  return (
    <div ref={measure} className="feed-line" style={{ transform: `translateY(${offsetPx}px)` }} data-seq={seq} data-index={index}>
      <span className="feed-seq soft nums">{seq}</span>
      <time className="soft mono" dateTime={at} title={formatAbsolute(at)}>
        {formatClock(at)}
      </time>
      <span className="feed-kind mono">{kind}</span>
      <span className="feed-state">{state === null || !isChange ? null : <StateBadge state={state} isBare />}</span>
      <span className="feed-text">
        {place.filter((word) => word !== undefined && word !== null).join(' · ')}{' '}
        <span className="soft">{describeData(data)}</span>
      </span>
    </div>
  );
};

const describeData = (data: unknown): string => {
  if (data === null || typeof data !== 'object') return '';
  const inner = 'error' in data ? readTold(data.error) : readTold(data);
  if (inner?.message !== undefined) return inner.message;
  const text = JSON.stringify(data);
  return text === '{}' ? '' : text;
};
