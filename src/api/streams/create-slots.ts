import { PlatformError } from '@durabase/contracts';
import type { StreamSettings } from './stream-settings.ts';

/** Counts open streams. */
export interface Slots {
  /** Takes a place and returns what gives it back. Throws TOO_MANY_STREAMS. */
  take(caller: string): () => void;
  openCount(): number;
}

const RETRY_AFTER_MS = 5_000;

export function createSlots({ maxPerCaller, maxPerProcess }: Pick<StreamSettings, 'maxPerCaller' | 'maxPerProcess'>): Slots {
  const byCaller = new Map<string, number>();
  let openCount = 0;
  return {
    openCount: () => openCount,
    take: (caller) => {
      const ofCaller = byCaller.get(caller) ?? 0;
      if (ofCaller >= maxPerCaller) {
        throw new PlatformError('TOO_MANY_STREAMS', {
          message: `you have ${ofCaller} streams open, which is as many as one caller may have`,
          hint: 'close some, or follow a feed in place of many runs',
          retryAfterMs: RETRY_AFTER_MS,
        });
      }
      if (openCount >= maxPerProcess) {
        throw new PlatformError('TOO_MANY_STREAMS', {
          message: `this server has ${openCount} streams open, which is as many as it may have`,
          hint: 'come back later, or ask for pages with "after"',
          retryAfterMs: RETRY_AFTER_MS,
        });
      }
      openCount += 1;
      byCaller.set(caller, ofCaller + 1);
      return () => {
        openCount -= 1;
        const left = (byCaller.get(caller) ?? 1) - 1;
        if (left === 0) byCaller.delete(caller);
        else byCaller.set(caller, left);
      };
    },
  };
}
