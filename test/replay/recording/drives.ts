import type { ShapeName } from '../shapes.ts';
import type { Drive } from './drive.ts';
import * as beginnings from './drive-beginnings.ts';
import * as ends from './drive-ends.ts';
import * as loops from './drive-loops.ts';
import * as steps from './drive-steps.ts';
import * as waits from './drive-waits.ts';

/** How a run of each shape comes about. */
export const DRIVES: Readonly<Record<ShapeName, Drive>> = {
  'one-step': steps.oneStep,
  chain: steps.chain,
  parallel: steps.parallel,
  skipped: steps.skipped,
  retried: steps.retried,
  failed: steps.failed,
  'failed-beside-another': steps.failedBesideAnother,
  undone: steps.undone,
  forked: steps.forked,
  loop: loops.loop,
  'loop-failed': loops.loopFailed,
  'loop-of-waits': loops.loopOfWaits,
  'long-loop': loops.longLoop,
  'long-loop-goes-on': loops.longLoopGoesOn,
  slept: waits.slept,
  'event-came': waits.eventCame,
  'event-in-time': waits.eventInTime,
  'event-late': waits.eventLate,
  'event-missed': waits.eventMissed,
  'external-completed': waits.externalCompleted,
  'external-failed': waits.externalFailed,
  'child-waited-for': waits.childWaitedFor,
  'child-failed': waits.childFailed,
  'child-left-alone': waits.childLeftAlone,
  paused: waits.paused,
  'cancelled-in-step': ends.cancelledInStep,
  'cancelled-in-wait': ends.cancelledInWait,
  'cancelled-and-undone': ends.cancelledAndUndone,
  'cancelled-before-open': ends.cancelledBeforeOpen,
  deadline: ends.deadline,
  'run-timeout': ends.runTimeout,
  'books-kept-late': ends.booksKeptLate,
  'operator-started': beginnings.operatorStarted,
  admitted: beginnings.admitted,
  'cancelled-while-not-admitted': beginnings.cancelledWhileNotAdmitted,
  refused: beginnings.refused,
  'reset-to-the-beginning': beginnings.resetToTheBeginning,
  'reset-later': beginnings.resetLater,
  'signalled-by-hand': beginnings.signalledByHand,
};
