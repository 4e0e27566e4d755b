/** Steps of a scale that people read without thinking, in milliseconds. */
const STEPS = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((seconds) => seconds * 1_000),
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60_000),
  ...[1, 2, 3, 6, 12].map((hours) => hours * 3_600_000),
  ...[1, 2, 5, 10, 20, 50, 100].map((days) => days * 86_400_000),
];
const MAX_MARKS = 6;

/** From mark to mark of a scale of this length: at most six fit. */
export const chooseMarkStep = (spanMs: number): number => STEPS.find((step) => spanMs / step <= MAX_MARKS) ?? spanMs;
