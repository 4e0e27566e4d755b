import { describe, expect, it } from '@jest/globals';
import type { Json } from '@durabase/contracts';
import { ESCAPE, escapeUnstorable, findUnstorable, unescapeUnstorable } from '../../../src/domain/unstorable.ts';

/** Reproducible random numbers in [0, 1). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** What goes wrong goes wrong near these. */
const UNITS = [
  '\u0000',
  '\uD800',
  '\uDBFF',
  '\uDC00',
  '\uDFFF',
  '\u{1F600}',
  ESCAPE,
  `${ESCAPE}0000`,
  `${ESCAPE}d800`,
  'e0ff',
  '0',
  'a',
];
const MORE = ['\\u0000', '\\ud800', '"', '\\', '\uFFFF', '\uE0FE', '\uD7FF', '\uE000', 'Z', 'é', '\n', ''];
const ALL = [...UNITS, ...MORE];

const randomText = (random: () => number): string =>
  Array.from({ length: Math.floor(random() * 12) }, () =>
    random() < 0.8 ? ALL[Math.floor(random() * ALL.length)] : String.fromCharCode(Math.floor(random() * 65_536)),
  ).join('');

function randomValue(random: () => number, depth: number): Json {
  const kind = depth === 0 ? 0 : random();
  if (kind < 0.5) return randomText(random);
  if (kind < 0.6) return [null, true, 0, -1.5][Math.floor(random() * 4)] ?? null;
  const items = Array.from({ length: Math.floor(random() * 4) }, () => randomValue(random, depth - 1));
  return kind < 0.8 ? items : Object.fromEntries(items.map((item) => [randomText(random), item]));
}

describe('escapeUnstorable and its inverse', () => {
  it('bring 20 000 random strings back, in a form that can be stored', () => {
    const random = createRandom(1);
    for (let count = 0; count < 20_000; count += 1) {
      const text = randomText(random);
      const stored = escapeUnstorable(text);
      expect(findUnstorable(stored)).toBeUndefined();
      expect(unescapeUnstorable(stored)).toBe(text);
    }
  });

  it('bring 3 000 random values back, names of properties included', () => {
    const random = createRandom(2);
    for (let count = 0; count < 3_000; count += 1) {
      const value = randomValue(random, 4);
      const stored = escapeUnstorable(value);
      expect(findUnstorable(stored)).toBeUndefined();
      expect(JSON.parse(JSON.stringify(stored))).toEqual(stored);
      expect(JSON.stringify(unescapeUnstorable(stored))).toBe(JSON.stringify(value));
    }
  });

  it('keep different values different', () => {
    const seen = new Map<string, string>();
    for (const first of ALL)
      for (const second of ALL)
        for (const third of UNITS) {
          const text = first + second + third;
          const stored = JSON.stringify(escapeUnstorable(text));
          expect(seen.get(stored) ?? text).toBe(text);
          seen.set(stored, text);
        }
  });

  it.each([null, 0, false, '', 'plain', '\u{1F600}', [{ a: ['b'] }]])('leave %j alone, the same object', (value) => {
    expect(escapeUnstorable(value)).toBe(value);
    expect(unescapeUnstorable(value)).toBe(value);
  });

  it('write a code unit as the escape character and four digits', () => {
    expect(escapeUnstorable(`a\u0000b\uD800${ESCAPE}`)).toBe(`a${ESCAPE}0000b${ESCAPE}d800${ESCAPE}e0ff`);
  });

  it('keep a name such as __proto__ an own property', () => {
    const value = JSON.parse('{"__proto__":{"x":"\\u0000"}}') as Json;
    expect(JSON.stringify(unescapeUnstorable(escapeUnstorable(value)))).toBe(JSON.stringify(value));
  });
});

const PATHS: readonly (readonly [Json, string | undefined])[] = [
  ['\u0000', ''],
  [['a', 'b\uDC00'], '[1]'],
  [{ input: { names: ['a', 'b', '\uD800x'] } }, 'input.names[2]'],
  [{ a: 1, b: { 'k\u0000': 1 } }, 'b'],
  [{ '\uDFFF': 1 }, ''],
  [[[{ x: [{ y: '\u0000' }] }]], '[0][0].x[0].y'],
  [{ a: '\u{10FFFF}', b: ESCAPE, c: '\\u0000', d: null, e: 0 }, undefined],
  ['\uD83D\uDE00', undefined],
  ['\uDE00\uD83D', ''],
];

describe('findUnstorable', () => {
  it.each(PATHS)('finds in %j: %j', (value, path) => {
    expect(findUnstorable(value)).toBe(path);
  });

  it('begins its path where it is told to', () => {
    expect(findUnstorable({ a: ['\u0000'] }, 'input')).toBe('input.a[0]');
    expect(findUnstorable('\u0000', 'input')).toBe('input');
  });
});
