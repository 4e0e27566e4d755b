import { Button } from '@mantine/core';
import { Icon } from '../../../components/icon.tsx';
import '../../../components/live-status.css';

interface OvertakenProps {
  /** Of the version that somebody else saved. */
  readonly number: number;
  readonly onTake: () => void;
  readonly onKeep: () => void;
}

/** Two people write at once: whoever is second decides, knowingly. */
export const Overtaken = ({ number, onTake, onKeep }: OvertakenProps) => (
  <div className="banner overtaken" role="alert">
    <Icon name="alert" size={16} />
    <span>
      <strong>Version {number} was saved while you were writing.</strong> It is in the list of versions. What do you want to go on
      with?
    </span>
    <Button variant="default" onClick={onTake}>
      Theirs, drop mine
    </Button>
    <Button variant="default" onClick={onKeep}>
      Mine, over theirs
    </Button>
  </div>
);
