/**
 * Every shape that a run can have in Temporal, with what its history must contain, in this order (see `describeHistory`).
 * A new way through the workflow code needs a line here, a drive in `recording/` and `npm run replay:record -- <shape>`.
 */
export const SHAPES = {
  // steps
  'one-step': ['local openRun', 'pick', 'local finishRun', 'completed'],
  chain: ['local openRun', 'pick', 'pack', 'ship', 'local finishRun', 'completed'],
  parallel: ['local openRun', 'pick', 'pack', 'ship', 'local finishRun', 'completed'],
  skipped: ['local openRun', 'local openWait', 'local openLoop', 'pick', 'local finishRun', 'completed'],
  retried: ['local openRun', 'pick', 'attempt 3 of pick', 'local finishRun', 'completed'],
  failed: ['local openRun', 'pick', 'local finishRun', 'failed'],
  'failed-beside-another': ['local openRun', 'pick', 'pack', 'cancel pick', 'local finishRun', 'failed'],
  undone: ['local openRun', 'pick', 'pack', 'ship', 'unpack', 'unpick', 'local finishRun', 'failed'],
  forked: ['local openRun', 'ship', 'local finishRun', 'completed'],

  // loops
  loop: ['local openLoop', 'pick', 'pick', 'pick', 'local closeLoop', 'pack', 'local finishRun', 'completed'],
  'loop-failed': ['local openLoop', 'pick', 'pick', 'cancel pick', 'local closeLoop', 'local finishRun', 'failed'],
  'loop-of-waits': [
    'local openLoop',
    'local openWait',
    'timer each',
    'local closeWait',
    'local closeLoop',
    'local finishRun',
    'completed',
  ],
  'long-loop': ['local openRun', 'local openLoop', 'timer nap', 'pick', 'local leaveRun', 'continued as new'],
  'long-loop-goes-on': ['local openRun', 'local openLoop', 'pick', 'local closeLoop', 'ship', 'local finishRun', 'completed'],

  // waits
  slept: ['local openWait', 'timer nap', 'local closeWait', 'local finishRun', 'completed'],
  'event-came': ['local openWait', 'signal wake', 'local readControl', 'ship', 'local finishRun', 'completed'],
  'event-in-time': [
    'local openWait',
    'timer paid',
    'signal wake',
    'local readControl',
    'timer cancelled',
    'local finishRun',
    'completed',
  ],
  'event-late': ['local openWait', 'timer paid', 'local closeWait failed', 'local finishRun', 'failed'],
  'event-missed': ['local openWait', 'timer paid', 'local closeWait', 'ship', 'local finishRun', 'completed'],
  'external-completed': ['local openWait', 'signal wake', 'local readControl', 'local finishRun', 'completed'],
  'external-failed': ['local openWait', 'signal wake', 'local readControl', 'local finishRun', 'failed'],
  'child-waited-for': ['local openWait', 'signal wake', 'local readControl', 'ship', 'local finishRun', 'completed'],
  'child-failed': ['local openWait', 'signal wake', 'local readControl', 'local finishRun', 'failed'],
  'child-left-alone': ['local openWait', 'ship', 'local finishRun', 'completed'],
  paused: [
    'local openWait',
    'local readControl',
    'local readControl',
    'signal wake',
    'local readControl',
    'ship',
    'local finishRun',
    'completed',
  ],

  // ends
  'cancelled-in-step': ['local openRun', 'pick', 'cancellation arrives', 'cancel pick', 'local finishRun', 'cancelled'],
  'cancelled-in-wait': ['timer nap', 'cancellation arrives', 'timer cancelled', 'local finishRun', 'cancelled'],
  'cancelled-and-undone': ['pick', 'timer nap', 'cancellation arrives', 'unpick', 'local finishRun', 'cancelled'],
  'cancelled-before-open': ['local openRun', 'local finishRun', 'cancelled'],
  deadline: ['local openRun', 'timer deadline', 'timer nap', 'timer cancelled', 'local finishRun', 'failed'],
  'run-timeout': ['local openRun', 'pick', 'timer time-out of the run', 'cancel pick', 'local finishRun', 'failed'],

  // beginnings, and what people do in Temporal itself
  'operator-started': ['local openRun', 'pick', 'local finishRun', 'completed'],
  admitted: ['local openRun', 'signal admitted', 'local openRun', 'pick', 'local finishRun', 'completed'],
  'cancelled-while-not-admitted': ['local openRun', 'cancellation arrives', 'local finishRun', 'cancelled'],
  refused: ['local openRun', 'completed'],
  'reset-to-the-beginning': ['reset', 'local openRun', 'pick', 'local openWait', 'timer nap', 'local finishRun', 'cancelled'],
  'reset-later': ['local openRun', 'pick', 'reset', 'local openWait', 'timer nap', 'local finishRun', 'cancelled'],
  'signalled-by-hand': ['local openWait', 'signal approve', 'local noteSignal', 'local finishRun', 'completed'],

  // the database is away: regular activities take over from local ones
  'books-kept-late': ['local openRun failed', 'openRun', 'pick', 'local finishRun', 'completed'],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Name of a shape, and of the file with its history. */
export type ShapeName = keyof typeof SHAPES;

export const isShapeName = (name: string): name is ShapeName => Object.hasOwn(SHAPES, name);
