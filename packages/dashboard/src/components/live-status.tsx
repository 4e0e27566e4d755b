import type { Connection } from '@durabase/client';
import { Icon, type IconName } from './icon.tsx';
import { plain } from '../lib/describe-error.ts';
import { formatClock } from '../lib/format-time.ts';
import './live-status.css';

const WORDS: Readonly<Record<Connection['state'], string>> = {
  live: 'Live',
  'catching up': 'Catching up',
  reconnecting: 'Reconnecting',
  polling: 'Polling',
  'signed out': 'Signed out',
  'no access': 'No access',
};

/** Whether what is shown is what is: a word in the corner, always there. */
export const LiveStatus = ({ connection }: { readonly connection: Connection }) => (
  <span
    className={`live live-${connection.state.replace(' ', '-')}`}
    role="status"
    aria-label={`Updates: ${WORDS[connection.state]}`}
  >
    <span className="live-dot" />
    {WORDS[connection.state]}
  </span>
);

/** Says plainly that the page may be behind. Nothing while it is not. */
export const LiveBanner = ({ connection }: { readonly connection: Connection }) => {
  const { state, reason, nextTryAt } = connection;
  if (state === 'live' || state === 'catching up') return null;
  const [icon, text] = BANNERS[state];
  const nextTry = nextTryAt === undefined ? '' : ` Next try at ${formatClock(nextTryAt.toISOString()).slice(0, 8)}.`;
  return (
    <div className="banner" role="alert">
      <Icon name={icon} size={16} />
      <span>
        <strong>{WORDS[state]}.</strong> {text}
        {reason === undefined ? '' : ` (${plain(reason)}.)`}
        {nextTry}
      </span>
    </div>
  );
};

const BANNERS: Readonly<Record<Exclude<Connection['state'], 'live' | 'catching up'>, readonly [icon: IconName, text: string]>> = {
  reconnecting: ['repeat', 'What you see may be behind.'],
  polling: ['repeat', 'The live connection is closed; news is fetched every few seconds.'],
  'signed out': ['door', 'What you see no longer changes.'],
  'no access': ['lock', 'This is not visible to you, or no longer.'],
};
