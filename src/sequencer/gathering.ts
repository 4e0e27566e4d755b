/** How many changes came of late; weights of the past fall off exponentially. */
export interface Rate {
  readonly perSecond: number;
  readonly atMs: number;
}

/** How long the changes of a moment count for the rate. */
const RATE_MS = 250;
/** So many changes in a second are a crowd, which is gathered; fewer are told as they come. */
const CROWD = 60;
/** Changes of a crowd that come within this time travel together. */
const GATHER_CROWD_MS = 15;
const GATHER_FEW_MS = 1;

/** The rate after `count` changes were found at `nowMs`. */
export function advanceRate({ perSecond, atMs }: Rate, count: number, nowMs: number): Rate {
  const elapsedMs = Math.max(nowMs - atMs, 1);
  const latest = (count * 1_000) / elapsedMs;
  return { perSecond: perSecond + (latest - perSecond) * (1 - Math.exp(-elapsedMs / RATE_MS)), atMs: atMs + elapsedMs };
}

/** How long to wait for more before changes are told. */
export const gatherMs = ({ perSecond }: Rate): number => (perSecond > CROWD ? GATHER_CROWD_MS : GATHER_FEW_MS);
