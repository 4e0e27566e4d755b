import { describe, expect, it } from '@jest/globals';
import { holdsPiece, looksLikeCredential } from '../../../../src/domain/plan/credential-words.ts';

describe('looksLikeCredential', () => {
  const part = 'a'.repeat(12);

  it('knows a signed token where a word begins', () => {
    expect(looksLikeCredential(`see eyJ${part}.${part}.${part}!`)).toBe(true);
    expect(looksLikeCredential(`see xeyJ${part}.${part}.${part}!`)).toBe(false);
  });

  it('looks at each character of a long text a few times only', () => {
    const timed = (length: number): number => {
      const text = 'eyJ-'.repeat(length / 4);
      const began = performance.now();
      expect(looksLikeCredential(text)).toBe(false);
      return performance.now() - began;
    };
    timed(4_000);
    // Four hundred times as much text: read once it takes 400 times as long, read from every word on 160,000 times.
    expect(timed(800_000)).toBeLessThan(20_000 * Math.max(timed(2_000), 0.01));
  });
});

describe('holdsPiece', () => {
  it.each(['Bearer a8f3kd93', 'x: ab12cd34ef; y'])('finds letters and digits in a row in %j', (text) => {
    expect(holdsPiece(text)).toBe(true);
  });

  it.each(['session=', '; theme-of-the-page=dark', '20261121', 'a1b2'])('finds nothing in %j', (text) => {
    expect(holdsPiece(text)).toBe(false);
  });
});
