import { createLoop, type Loop } from '../loop/create-loop.ts';
import type { FeedsPort } from '../ports/feeds.ts';
import type { Log } from '../ports/log.ts';

/** What {@link createIndexing} asks for. */
export interface Indexing {
  readonly feeds: Pick<FeedsPort, 'indexRuns'>;
  readonly log: Log;
  /** Whether this worker leads: the others have nothing to do. */
  readonly isLeading: () => boolean;
}

const LOOK_MS = 1_000;

/** Writes the words by which runs are found, about a second after they have changed. */
export const createIndexing = ({ feeds, log, isLeading }: Indexing): Loop =>
  createLoop({
    name: 'indexing',
    log,
    pass: async () => {
      if (!isLeading()) return { ms: LOOK_MS };
      const beganMs = performance.now();
      const isBehind = await feeds.indexRuns();
      // Behind, it works half of the time: whoever runs tasks goes first.
      return { ms: isBehind ? performance.now() - beganMs : LOOK_MS };
    },
  });
