const UNITS: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, ms: number])[] = [
  ['year', 31_536_000_000],
  ['month', 2_592_000_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'narrow' });
const absolute = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });

/** Such as `5 min ago`, `in 2 hr`; `now` within a second. */
export const formatRelative = (moment: string, nowMs: number): string => {
  const differenceMs = Date.parse(moment) - nowMs;
  const [unit, ms] = UNITS.find(([, size]) => Math.abs(differenceMs) >= size) ?? ['second', 1_000];
  const count = Math.trunc(differenceMs / ms);
  return count === 0 ? 'now' : relative.format(count, unit);
};

/** In the reader's own zone. */
export const formatAbsolute = (moment: string): string => absolute.format(new Date(moment));

/** Hours, minutes and seconds with milliseconds, for lines of a feed. */
export const formatClock = (moment: string): string => `${clock.format(new Date(moment))}.${moment.slice(20, 23).padEnd(3, '0')}`;

/** Such as `340 ms`, `2.4 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export const formatDuration = (ms: number): string => {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1_000);
  if (seconds < 3_600) return join([Math.floor(seconds / 60), 'min'], [seconds % 60, 's']);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1_440) return join([Math.floor(minutes / 60), 'h'], [minutes % 60, 'min']);
  const hours = Math.floor(minutes / 60);
  return join([Math.floor(hours / 24), 'd'], [hours % 24, 'h']);
};

const join = (...parts: readonly (readonly [count: number, unit: string])[]): string =>
  parts
    .filter(([count], index) => index === 0 || count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
