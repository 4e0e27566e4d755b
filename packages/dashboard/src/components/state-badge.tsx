import type { RunState } from '@durabase/client';
import type { StepState } from '@durabase/contracts/run-states';
import { Icon, type IconName } from './icon.tsx';
import './state-badge.css';

export type Tone = 'live' | 'good' | 'bad' | 'warn' | 'wait' | 'mute';

interface Look {
  readonly word: string;
  readonly icon: IconName;
  readonly tone: Tone;
}

const LOOKS: Readonly<Record<RunState | StepState, Look>> = {
  scheduled: { word: 'Scheduled', icon: 'clock', tone: 'wait' },
  queued: { word: 'Queued', icon: 'queue', tone: 'wait' },
  running: { word: 'Running', icon: 'spin', tone: 'live' },
  waiting: { word: 'Waiting', icon: 'hourglass', tone: 'wait' },
  awaiting_input: { word: 'Awaiting input', icon: 'person', tone: 'warn' },
  retrying: { word: 'Retrying', icon: 'repeat', tone: 'warn' },
  paused: { word: 'Paused', icon: 'pause', tone: 'warn' },
  completed: { word: 'Completed', icon: 'check', tone: 'good' },
  failed: { word: 'Failed', icon: 'cross', tone: 'bad' },
  timed_out: { word: 'Timed out', icon: 'alarm', tone: 'bad' },
  cancelled: { word: 'Cancelled', icon: 'stop', tone: 'mute' },
  skipped: { word: 'Skipped', icon: 'skip', tone: 'mute' },
  expired: { word: 'Expired', icon: 'alarm', tone: 'mute' },
};

/** Word, drawing and tone of a state. */
export const lookOf = (state: RunState | StepState): Look => LOOKS[state];

/** A state: a drawing, a word and a tone, so that no color has to be told apart. */
export const StateBadge = ({ state, isBare = false }: { readonly state: RunState | StepState; readonly isBare?: boolean }) => {
  const { word, icon, tone } = lookOf(state);
  return (
    <span className={`state tone-${tone}${isBare ? ' state-bare' : ''}`} data-state={state}>
      <Icon name={icon} size={13} className={state === 'running' && !isBare ? 'turning' : undefined} />
      {word}
    </span>
  );
};
