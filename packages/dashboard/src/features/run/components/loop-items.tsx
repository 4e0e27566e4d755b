import { Button } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { Icon } from '../../../components/icon.tsx';
import { lookOf } from '../../../components/state-badge.tsx';
import { countStates, isTrouble } from '../count-states.ts';
import type { TimelineRow } from '../build-timeline.ts';

/** So few are shown at once. */
const FEW = 10;
const PAGE = 100;

interface LoopItemsProps {
  readonly items: readonly TimelineRow[];
  readonly openKey: string | undefined;
  readonly draw: (row: TimelineRow) => ReactNode;
}

/** What a loop took. Of many, at first only how they went, and those that went wrong. */
export const LoopItems = ({ items, openKey, draw }: LoopItemsProps) => {
  const [isOpen, setIsOpen] = useState(items.length <= FEW);
  const [limit, setLimit] = useState(PAGE);
  const isOpened = ({ key }: TimelineRow): boolean => key === openKey;
  const troubled = items.filter(isTrouble).slice(0, FEW);
  const shown = items.filter((item, index) => isOpened(item) || (isOpen ? index < limit : troubled.includes(item)));
  return (
    <>
      <button type="button" className="loop-head" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
        <Icon name={isOpen ? 'down' : 'right'} size={13} />
        {items.length === 1 ? '1 item' : `${items.length.toLocaleString('en')} items`}
        {countStates(items).map(([state, count]) => (
          <span key={state} className={`loop-count tone-${lookOf(state).tone}`}>
            {count.toLocaleString('en')} {lookOf(state).word.toLowerCase()}
          </span>
        ))}
      </button>
      <ul className="timeline-rows loop-items">
        {shown.map((item) => (
          <li key={item.key}>{draw(item)}</li>
        ))}
      </ul>
      {isOpen && items.length > limit ? (
        <Button variant="subtle" size="compact-sm" className="loop-more" onClick={() => setLimit(limit + PAGE)}>
          {Math.min(PAGE, items.length - limit)} more
        </Button>
      ) : null}
    </>
  );
};
