import { createLoop } from '../loop/create-loop.ts';
import type { TemporalPort } from '../ports/temporal.ts';
import { compareExecutions, createSeenBefore, type ReconcilerPorts } from './compare-executions.ts';
import { examineOpenRuns, FIRST_ID } from './examine-open-runs.ts';

/** The visibility store lags behind: each look goes back so far behind the last one. */
const OVERLAP_MS = 5_000;
/** How far the first leader of an installation looks back. */
const FIRST_LOOK_MS = 3_600_000;

/** Options of {@link createReconciler}. */
export interface ReconcilerOptions extends ReconcilerPorts {
  readonly temporal: () => TemporalPort | undefined;
  readonly isPolling: () => Promise<boolean>;
  readonly intervalMs: number;
}

/** Compares Temporal with the mirror for as long as this process leads. */
export interface Reconciler {
  stop(): Promise<void>;
}

/** Every worker has one; a lease row says which of them works. */
export function createReconciler(options: ReconcilerOptions): Reconciler {
  const { mirror, log, intervalMs } = options;
  const seenBefore = createSeenBefore();
  let afterId = FIRST_ID;

  const look = async (): Promise<void> => {
    await mirror.beat({ isPolling: await options.isPolling() });
    const temporal = options.temporal();
    const bookmark = await mirror.lead();
    if (bookmark === undefined || temporal === undefined) return;
    const now = Date.now();
    const since = bookmark.watermark === undefined ? now - FIRST_LOOK_MS : Date.parse(bookmark.watermark) - OVERLAP_MS;
    for await (const page of temporal.listSince(new Date(since))) await compareExecutions(page, temporal, seenBefore, options);
    afterId = await examineOpenRuns(afterId, temporal, options);
    const leaked = await mirror.sweepPermits();
    if (leaked > 0) log.error('permits.leaked', { leaked });
    await mirror.lead({ watermark: new Date(now).toISOString() });
  };

  const loop = createLoop({
    name: 'reconciler',
    log,
    pass: async () => {
      await look();
      return { ms: intervalMs };
    },
    afterFailureMs: intervalMs,
  });

  return {
    stop: async () => {
      await loop.stop();
      await mirror.leave().catch((error: unknown) => log.warn('reconciler.lease-kept', { reason: String(error) }));
    },
  };
}
