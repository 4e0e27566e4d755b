import type { Run } from '@durabase/client';
import { formatAbsolute } from './format-time.ts';

/** What the database says of a value that is parsed JSON with these fields, if it has them. */
interface Told {
  readonly code?: string;
  readonly message?: string;
}

/** The code and message of a reason or an error; undefined: there is none. */
export const readTold = (value: unknown): Told | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  const { code, message } = value as { readonly code?: unknown; readonly message?: unknown };
  return { ...(typeof code === 'string' ? { code } : {}), ...(typeof message === 'string' ? { message } : {}) };
};

/** Why it waits or how it failed, in one line. */
export const describeReason = (run: Run): string | undefined => {
  if (run.stalledAt !== null) return `stalled: ${run.stalledReason ?? 'no heartbeat'}`;
  if (run.finishedAt === null && run.cancelRequestedAt !== null) return 'cancellation asked for';
  if (run.state === 'scheduled') return `begins on ${formatAbsolute(run.runAt)}`;
  const told = readTold(run.finishedAt === null ? run.reason : run.error);
  return told?.message ?? told?.code;
};

/** From its start to its end, or till now; undefined: it has not started. */
export const runDurationMs = ({ startedAt, finishedAt }: Run, nowMs: number): number | undefined =>
  startedAt === null ? undefined : (finishedAt === null ? nowMs : Date.parse(finishedAt)) - Date.parse(startedAt);

/** Ids begin with the time, so their end tells them apart. */
export const shortId = (id: string): string => id.slice(-8);
