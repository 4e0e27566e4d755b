export interface WaitOptions {
  readonly what: string;
  readonly signal: AbortSignal;
  readonly timeoutMs?: number;
}

/** Lets others wait for something that its owner hears of. */
export interface News {
  /** Something has changed: everybody who waits looks. */
  spread(): void;
  /** Waits until it is so; what `isSo` throws ends the waiting. Says what it waited for when that does not come in time. */
  until(isSo: () => boolean, options: WaitOptions): Promise<void>;
}

export function createNews(): News {
  const listeners = new Set<() => void>();
  return {
    spread: () => {
      for (const look of [...listeners]) look();
    },
    until: async (isSo, { what, signal, timeoutMs = 30_000 }) => {
      signal.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const look = (): void => {
        try {
          if (isSo()) resolve();
        } catch (error) {
          reject(error);
        }
      };
      const onAbort = (): void => reject(signal.reason);
      const timer = setTimeout(() => reject(new Error(`${what}: not so after ${timeoutMs / 1_000} s`)), timeoutMs);
      signal.addEventListener('abort', onAbort);
      listeners.add(look);
      look();
      try {
        await promise;
      } finally {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        listeners.delete(look);
      }
    },
  };
}
