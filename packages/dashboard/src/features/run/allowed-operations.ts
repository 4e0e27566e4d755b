import { isTerminal, type Run, type RunState } from '@durabase/client';
import type { Rights } from '../../lib/rights.ts';
import type { Operation } from './api/operate-run.ts';

const RETRYABLE: readonly RunState[] = ['failed', 'timed_out', 'cancelled', 'expired'];

/** When somebody asked for a pause that is not lifted; null: nobody did. */
export const pauseRequestedAt = (run: Run): string | null =>
  (run as Run & { readonly pauseRequestedAt?: string | null }).pauseRequestedAt ?? null;

/** What this person can ask of this run now. What is not listed is not shown. */
export const allowedOperations = (
  run: Run,
  { userId, mayRun, mayAdminister, isEndUser }: Rights,
): readonly Operation['kind'][] => {
  const isOwn = run.actor.userId === userId && mayRun;
  if (!isTerminal(run.state)) {
    if (isEndUser && run.actor.userId === userId) return run.cancelRequestedAt === null ? ['cancel'] : [];
    if (!isOwn && !mayAdminister) return [];
    const isPaused = run.state === 'paused' || pauseRequestedAt(run) !== null;
    const isEnding = run.cancelRequestedAt !== null;
    return [...(isPaused ? ['resume' as const] : isEnding ? [] : ['pause' as const]), ...(isEnding ? [] : ['cancel' as const])];
  }
  if (!mayRun) return [];
  return [
    ...(RETRYABLE.includes(run.state) ? ['retry' as const] : []),
    'rerun',
    ...(run.startedAt === null ? [] : ['fork' as const]),
  ];
};
