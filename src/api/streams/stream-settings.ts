/** Limits and rhythm of streams. */
export interface StreamSettings {
  readonly maxPerCaller: number;
  readonly maxPerProcess: number;
  /** From one heartbeat to the next; proxies give up on connections that say nothing for a minute. */
  readonly pingMs: number;
  /** How long no news are believed without looking. */
  readonly pollMs: number;
  /** How long a reader may take nothing. */
  readonly stallMs: number;
}

export const STREAM_SETTINGS: StreamSettings = {
  maxPerCaller: 20,
  maxPerProcess: 2_000,
  pingMs: 15_000,
  pollMs: 5_000,
  stallMs: 30_000,
};
