const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  millisecond: 1,
  milliseconds: 1,
  s: 1_000,
  second: 1_000,
  seconds: 1_000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
  w: 604_800_000,
  week: 604_800_000,
  weeks: 604_800_000,
};

/** Longest duration that is accepted: ten years. */
export const MAX_DURATION_MS = 10 * 366 * 86_400_000;

/**
 * Reads a duration such as `10 minutes`, `1.5 h`, `250ms` or `1 hour 30 minutes`.
 *
 * @returns milliseconds, rounded; `undefined` when the text is no duration or is longer than ten years.
 */
export function parseDurationMs(text: string): number | undefined {
  if (text.length > 64) return undefined;
  const parts = text
    .trim()
    .toLowerCase()
    .split(/(?<=[a-z])\s*(?=\d)/);
  let totalMs = 0;
  for (const part of parts) {
    const match = /^(\d{1,12}(?:\.\d{1,6})?)\s*([a-z]+)$/.exec(part);
    const unitMs = match?.[2] === undefined ? undefined : UNITS_MS[match[2]];
    if (match?.[1] === undefined || unitMs === undefined) return undefined;
    totalMs += Number(match[1]) * unitMs;
  }
  return totalMs <= MAX_DURATION_MS ? Math.round(totalMs) : undefined;
}
