import { type CelFunc, celFunc, celMethod, CelScalar } from '@bufbuild/cel';
import { Fault } from '../faults.ts';
import type { Meter } from '../meter.ts';

const { BOOL, STRING } = CelScalar;

/** A compiled pattern of RE2: its time grows with the text times its size, never faster. */
export interface Pattern {
  readonly programSize: () => number;
  readonly test: (text: string) => boolean;
}

const MAX_PATTERN = 1_000;
/** Largest compiled pattern, in steps of the machine: a repetition such as {1,1000} counts as often as it may repeat. */
const MAX_PROGRAM = 1_000;
const MAX_KEPT = 64;
/** Steps of the machine that cost one unit. */
const STEPS_PER_UNIT = 4;

/** Regular expressions, RE2 only. */
export function createMatches(meter: Meter, compile: (pattern: string) => Pattern): readonly CelFunc[] {
  const kept = new Map<string, Pattern>();
  const patternOf = (source: string): Pattern => {
    const known = kept.get(source);
    if (known !== undefined) return known;
    if (source.length > MAX_PATTERN) {
      throw new Fault({
        code: 'EXPRESSION_TOO_LARGE',
        text: `the regular expression has ${source.length} characters; at most ${MAX_PATTERN} are allowed`,
      });
    }
    const pattern = compile(source);
    meter.charge(pattern.programSize());
    if (pattern.programSize() > MAX_PROGRAM) {
      throw new Fault({
        code: 'EXPRESSION_TOO_LARGE',
        text: 'the regular expression repeats too much',
        suggestion: 'repeat less often, or use * and + instead of counts',
      });
    }
    if (kept.size >= MAX_KEPT) kept.clear();
    kept.set(source, pattern);
    return pattern;
  };
  const matches = (text: string, source: string): boolean => {
    const pattern = patternOf(source);
    meter.charge(Math.ceil((text.length * pattern.programSize()) / STEPS_PER_UNIT));
    return pattern.test(text);
  };
  return [
    celMethod('matches', STRING, [STRING], BOOL, function (pattern) {
      return matches(this, pattern);
    }),
    celFunc('matches', [STRING, STRING], BOOL, matches),
  ];
}
