import { Icon, type IconName } from '../../../components/icon.tsx';
import '../../../components/state-badge.css';

type VersionState = 'draft' | 'ready' | 'invalid';

const LOOKS: Readonly<Record<VersionState, readonly [word: string, icon: IconName, tone: string]>> = {
  ready: ['Ready', 'check', 'good'],
  invalid: ['Invalid', 'cross', 'bad'],
  draft: ['Draft', 'hourglass', 'wait'],
};

/** Whether a version can be executed. */
export const VersionBadge = ({ state }: { readonly state: VersionState }) => {
  const [word, icon, tone] = LOOKS[state];
  return (
    <span className={`state tone-${tone}`}>
      <Icon name={icon} size={13} />
      {word}
    </span>
  );
};
