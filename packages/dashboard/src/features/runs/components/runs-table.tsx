import type { Run } from '@durabase/client';
import { useMediaQuery } from '@mantine/hooks';
import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { TaskName } from '../../../lib/task-names.ts';
import { RunRow } from './run-row.tsx';
import './runs-table.css';

const ROW_PX = 49;
const NARROW_ROW_PX = 76;
const OVERSCAN = 12;

interface RunsTableProps {
  readonly runs: readonly Run[];
  readonly tasks: ReadonlyMap<string, TaskName>;
  readonly hasMore: boolean;
  readonly onEnd: () => void;
}

/** However many there are, only those in sight are drawn; older ones are read as one scrolls. */
export const RunsTable = ({ runs, tasks, hasMore, onEnd }: RunsTableProps) => {
  const list = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const isNarrow = useMediaQuery('(max-width: 800px)') ?? false;
  useLayoutEffect(() => setTop(list.current?.offsetTop ?? 0), [isNarrow]);
  const size = isNarrow ? NARROW_ROW_PX : ROW_PX;
  const rows = useWindowVirtualizer({
    count: runs.length,
    estimateSize: () => size,
    overscan: OVERSCAN,
    scrollMargin: top,
    getItemKey: (index) => runs[index]?.id ?? index,
  });
  useEffect(() => rows.measure(), [rows, size]);
  const shown = rows.getVirtualItems();
  const isAtEnd = (shown.at(-1)?.index ?? 0) >= runs.length - 1;
  useEffect(() => {
    if (isAtEnd && hasMore) onEnd();
  }, [isAtEnd, hasMore, onEnd]);
  return (
    <div className="runs" role="table" aria-label="Runs" aria-rowcount={hasMore ? -1 : runs.length + 1}>
      <div className="runs-head" role="rowgroup">
        <div className="run-row" role="row" aria-rowindex={1}>
          {['State', 'Task', 'Why', 'By', 'Accepted', 'Took'].map((title) => (
            <span key={title} role="columnheader">
              {title}
            </span>
          ))}
        </div>
      </div>
      <div ref={list} role="rowgroup" className="runs-body" style={{ height: rows.getTotalSize() }}>
        {shown.map(({ index, key, start }) => {
          const run = runs[index];
          if (run === undefined) return null;
          const offset = start - rows.options.scrollMargin;
          return (
            <RunRow key={key} run={run} task={tasks.get(run.taskId)} rowIndex={index + 2} offsetPx={offset} heightPx={size} />
          );
        })}
      </div>
    </div>
  );
};
