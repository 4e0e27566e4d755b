import { createLoop } from '../loop/create-loop.ts';
import type { FeedsPort } from '../ports/feeds.ts';
import type { Log } from '../ports/log.ts';
import { createIndexing } from './create-indexing.ts';
import { advanceRate, gatherMs, type Rate } from './gathering.ts';

/** What the sequencer asks for. */
export interface SequencerPorts {
  readonly feeds: FeedsPort;
  readonly log: Log;
}

/** Gives changes their numbers in the feeds, keeps the audit's chain, and the words by which runs are found. */
export interface Sequencer {
  /** There may be changes. */
  wake(): void;
  stop(): Promise<void>;
}

/** How soon a sequencer looks again after it found something. */
const SOON_MS = 5;
/** Changes of others, whose commits tell nobody, are found by looking. */
const LEADER_LOOKS_MS = 60;
const OTHERS_LOOK_MS = 1_000;
const BUSY_MS = 25;
const HOUSEKEEPING_MS = 1_000;
const PRUNE_EVERY_MS = 60_000;

/** Every worker has one: each numbers when it has written something, and the one that leads also looks by itself. */
export function createSequencer({ feeds, log }: SequencerPorts): Sequencer {
  let isLeading = false;
  let idleMs = SOON_MS;
  let prunedAtMs = performance.now();
  let rate: Rate = { perSecond: 0, atMs: performance.now() };

  const sequencing = createLoop({
    name: 'sequencer',
    log,
    pass: async () => {
      const { count, isBusy } = await feeds.sequence();
      if (isBusy) return { ms: BUSY_MS, isDeaf: true };
      if (count === 0) {
        // Where something has just been, more is likely: looks grow rare only little by little.
        idleMs = Math.min(idleMs * 2, isLeading ? LEADER_LOOKS_MS : OTHERS_LOOK_MS);
        return { ms: idleMs };
      }
      idleMs = SOON_MS;
      rate = advanceRate(rate, count, performance.now());
      return { ms: gatherMs(rate), isDeaf: true };
    },
  });

  const sealAll = async (): Promise<void> => {
    for (;;) {
      const sealed = await feeds.sealAudit();
      if (sealed === undefined) return;
      // The log is where the chain's head is kept outside of the database.
      log.info('audit.sealed', { seal: sealed.seal, hash: sealed.hash, rows: sealed.rows });
      if (!sealed.isFull) return;
    }
  };

  const indexing = createIndexing({ feeds, log, isLeading: () => isLeading });

  const housekeeping = createLoop({
    name: 'housekeeping',
    log,
    pass: async () => {
      const wasLeading = isLeading;
      isLeading = await feeds.lead();
      if (isLeading && !wasLeading) sequencing.wake();
      if (isLeading) {
        await sealAll();
        if (performance.now() - prunedAtMs >= PRUNE_EVERY_MS && (await feeds.prune()) === 0) prunedAtMs = performance.now();
      }
      return { ms: HOUSEKEEPING_MS };
    },
  });

  return {
    wake: sequencing.wake,
    stop: async () => {
      await housekeeping.stop();
      await indexing.stop();
      await sequencing.stop();
      // What this worker wrote last; if it cannot be told now, the next worker tells it.
      await feeds.sequence().catch(() => undefined);
      await feeds.leave().catch((error: unknown) => log.warn('sequencer.lease-kept', { reason: String(error) }));
    },
  };
}
