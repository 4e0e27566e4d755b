import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { readConformance, runCase } from './conformance-cases.ts';
import { DIFFERENCES, LEFT_OUT, RUN, TOTAL } from './conformance-differences.ts';

const { cases, leftOut, total } = readConformance();

const differing = cases.filter((item) => {
  const outcome = runCase(item);
  if (item.result === undefined) return 'json' in outcome;
  return !('json' in outcome) || !isDeepStrictEqual(outcome.json, item.result.json);
});

describe('the language and the official conformance suite of CEL', () => {
  it('reads every case and runs all that JSON can express', () => {
    console.log(
      `CEL conformance: ${total} cases, ${cases.length} run, ${cases.length - differing.length} as specified, ` +
        `${differing.length} differ for a reason, left out: ${JSON.stringify(leftOut, undefined, 1)}`,
    );
    expect(total).toBe(TOTAL);
    expect(cases).toHaveLength(RUN);
    expect(leftOut).toEqual(LEFT_OUT);
    expect(RUN + Object.values(LEFT_OUT).reduce((sum, count) => sum + count, 0)).toBe(TOTAL);
  });

  it('differs where a reason is given, and nowhere else', () => {
    const expected = Object.values(DIFFERENCES).flat();
    expect(differing.map(({ name }) => name).sort()).toEqual(expected.sort());
  });

  it('gives each reason to at least one case, and each case one reason', () => {
    for (const [reason, names] of Object.entries(DIFFERENCES)) expect([reason, names.length > 0]).toEqual([reason, true]);
    const names = Object.values(DIFFERENCES).flat();
    expect(new Set(names).size).toBe(names.length);
  });
});
