/** Every state of a run, in the order of its life. */
export const RUN_STATES = [
  'scheduled',
  'queued',
  'running',
  'waiting',
  'awaiting_input',
  'retrying',
  'paused',
  'completed',
  'failed',
  'timed_out',
  'cancelled',
  'skipped',
  'expired',
] as const;
/** State of a run. */
export type RunState = (typeof RUN_STATES)[number];

/** States that a run never leaves by itself. */
export const TERMINAL_RUN_STATES = ['completed', 'failed', 'timed_out', 'cancelled', 'skipped', 'expired'] as const;
/** State of a run that has ended. */
export type TerminalRunState = (typeof TERMINAL_RUN_STATES)[number];

/** Whether a run has ended. */
export const isTerminal = (state: RunState): state is TerminalRunState =>
  (TERMINAL_RUN_STATES as readonly string[]).includes(state);

/** Every state of a step. */
export const STEP_STATES = [
  'running',
  'waiting',
  'awaiting_input',
  'retrying',
  'completed',
  'failed',
  'timed_out',
  'cancelled',
  'skipped',
] as const;
/** State of a step. */
export type StepState = (typeof STEP_STATES)[number];

/** The vocabularies that other task systems use for the same states; bridges translate by this table. */
export const STATE_WORDS = {
  scheduled: { taskKit: 'scheduled', tasker: 'pending', scheduler: 'scheduled', queue: 'pending', chat: 'pending' },
  queued: { taskKit: 'pending', tasker: 'pending', scheduler: 'pending', queue: 'pending', chat: 'pending' },
  running: { taskKit: 'progress', tasker: 'running', scheduler: 'running', queue: 'in progress', chat: 'processing' },
  waiting: {
    taskKit: 'progress',
    tasker: 'suspended_waiting_child',
    scheduler: 'running',
    queue: 'in progress',
    chat: 'processing',
  },
  awaiting_input: { taskKit: 'input-await', tasker: 'running', scheduler: 'running', queue: 'in progress', chat: 'processing' },
  retrying: { taskKit: 'retry', tasker: 'running', scheduler: 'retrying', queue: 'in progress', chat: 'processing' },
  paused: { taskKit: 'stopped', tasker: 'pending', scheduler: 'running', queue: 'pending', chat: 'pending' },
  completed: { taskKit: 'completed', tasker: 'completed', scheduler: 'completed', queue: 'completed', chat: 'completed' },
  failed: { taskKit: 'failed', tasker: 'failed', scheduler: 'failed', queue: 'failed', chat: 'failed' },
  timed_out: { taskKit: 'failed', tasker: 'failed', scheduler: 'failed', queue: 'failed', chat: 'timeout' },
  cancelled: { taskKit: 'stopped', tasker: 'failed', scheduler: 'cancelled', queue: 'failed', chat: 'cancelled' },
  skipped: { taskKit: 'stopped', tasker: 'failed', scheduler: 'skipped', queue: 'failed', chat: 'cancelled' },
  expired: { taskKit: 'failed', tasker: 'failed', scheduler: 'skipped', queue: 'abandoned', chat: 'timeout' },
} as const satisfies Readonly<Record<RunState, Readonly<Record<'taskKit' | 'tasker' | 'scheduler' | 'queue' | 'chat', string>>>>;
