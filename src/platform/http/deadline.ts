/** The time that one call may take, and the caller's wish to stop. */
export interface Deadline {
  /** Aborted with the error that the call must end with. */
  readonly signal: AbortSignal;
  /** Settles like the work, or rejects as soon as the signal fires: not all work listens to it. */
  race<T>(work: Promise<T>): Promise<T>;
  /** Ends whatever still runs for this call. */
  release(): void;
}

/** Longest delay that a timer of Node keeps; anything longer would fire at once. */
const TIMER_MAX_MS = 2_147_483_647;

/** @see Deadline */
export function startDeadline(options: {
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly timeoutError: () => Error;
}): Deadline {
  const { timeoutMs, signal: outer, timeoutError } = options;
  const controller = new AbortController();
  const { promise: fired, reject } = Promise.withResolvers<never>();
  fired.catch(() => undefined);

  const end = (reason: unknown): void => {
    controller.abort(reason);
    reject(controller.signal.reason);
  };
  const onOuterAbort = (): void => end(outer?.reason);
  const timer = setTimeout(() => end(timeoutError()), Math.min(timeoutMs, TIMER_MAX_MS));
  if (outer?.aborted === true) onOuterAbort();
  outer?.addEventListener('abort', onOuterAbort, { once: true });

  return {
    signal: controller.signal,
    race: (work) => Promise.race([work, fired]),
    release: () => {
      clearTimeout(timer);
      outer?.removeEventListener('abort', onOuterAbort);
      controller.abort();
    },
  };
}
