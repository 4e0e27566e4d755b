import { type Cast, nickname } from '../cast.ts';
import type { Screen } from '../screen.ts';
import type { OnStates } from '../watch-runs.ts';

const COLOURS = {
  queued: 'dim',
  waiting: 'dim',
  running: 'blue',
  retrying: 'yellow',
  reset: 'yellow',
  completed: 'green',
  failed: 'red',
  cancelled: 'magenta',
} as const;

/** One line for each change that the mirror shows. */
export const showStates =
  ({ screen, cast }: { readonly screen: Screen; readonly cast: Cast }): OnStates =>
  (run, states) => {
    const words = states.map((state) => (isColoured(state) ? screen.paint(COLOURS[state], state) : state));
    screen.tell(`    ${nickname(cast.tasks.get(run.taskId) ?? 'run', run.id).padEnd(20)}  ${words.join(' → ')}`);
  };

const isColoured = (state: string): state is keyof typeof COLOURS => state in COLOURS;
