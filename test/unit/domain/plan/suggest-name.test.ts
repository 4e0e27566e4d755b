import { describe, expect, it } from '@jest/globals';
import { suggestName } from '../../../../src/domain/plan/suggest-name.ts';

const NEAR: readonly (readonly [string, readonly string[], string])[] = [
  ['htp', ['sleep', 'http'], 'did you mean "http"?'],
  ['HTTP', ['http'], 'did you mean "http"?'],
  ['custmer', ['customer', 'custom'], 'did you mean "customer"?'],
  ['name', ['names_', 'names', 'nameses'], 'did you mean "names"?'],
  ['fetc', ['fetch', 'etc'], 'did you mean "fetch"?'],
  ['summarise_report', ['summarize_reports'], 'did you mean "summarize_reports"?'],
];

const FAR: readonly (readonly [string, readonly string[], string])[] = [
  ['paint', ['http', 'sleep'], 'known: "http", "sleep"'],
  ['', ['http'], 'known: "http"'],
  ['x', [], 'there is none'],
  ['c', ['a', 'b'], 'known: "a", "b"'],
  ['hasOwnProperty', ['input'], 'known: "input"'],
  ['a-name-of-very-many-words', ['http', 'sleep'], 'known: "http", "sleep"'],
  ['toString', ['fetch'], 'known: "fetch"'],
];

describe('suggestName', () => {
  it.each(NEAR)('suggests for %j of %j the nearest', (name, known, hint) => {
    expect(suggestName(name, known)).toBe(hint);
  });

  it.each(FAR)('lists for %j what is known: %j', (name, known, hint) => {
    expect(suggestName(name, known)).toBe(hint);
  });

  it('lists twenty names at most', () => {
    const known = Array.from({ length: 50 }, (_, index) => `name-${index}`);
    expect(suggestName('paint', known)).toBe(
      `known: ${known
        .slice(0, 20)
        .map((name) => `"${name}"`)
        .join(', ')}`,
    );
  });
});
