import { describe, expect, it } from '@jest/globals';
import type { Json } from '@durabase/contracts';
import { compileExpression } from '../../../../src/domain/expression/compile-expression.ts';
import { programOf } from './run-expression.ts';

/** Numbers that look random and are always the same. */
function createDice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % sides;
  };
}

const SCHEMA: Json = {
  type: 'object',
  properties: {
    n: { type: 'number' },
    i: { type: 'integer' },
    s: { type: 'string' },
    b: { type: 'boolean' },
    z: { type: 'null' },
    m: { type: ['number', 'string', 'null'] },
    e: { enum: ['a', 2, null] },
    l: { type: 'array', items: { type: 'number' } },
    t: { type: 'array', items: { type: ['string', 'boolean'] } },
    o: { type: 'object', properties: { x: { type: 'number' }, y: { type: 'string' } }, additionalProperties: false },
    a: { anyOf: [{ type: 'object', properties: { x: { type: 'number' } }, additionalProperties: false }, { type: 'string' }] },
    r: { type: 'array', items: { type: 'object', properties: { x: { type: 'number' } } } },
  },
  additionalProperties: false,
};

/** Inputs that fit the schema, chosen so that most of what can work works with one of them. */
const INPUTS: readonly Json[] = [
  { n: 1, i: 0, s: 'x', b: true, z: null, m: 1, e: 'a', l: [1, 2], t: ['x', 'y'], o: { x: 1, y: 'x' }, a: 'x', r: [{ x: 1 }] },
  {
    n: 1.5,
    i: 1,
    s: '1',
    b: false,
    z: null,
    m: 'x',
    e: 2,
    l: [1.5, 0],
    t: [true, false],
    o: { x: 1.5, y: '1' },
    a: { x: 1 },
    r: [{ x: 1.5, y: 'a', z: 1 }],
  },
  {
    n: 0,
    i: 1e300,
    s: 'y',
    b: true,
    z: null,
    m: null,
    e: null,
    l: [1, 1],
    t: ['x', true],
    o: { x: 0, y: 'y' },
    a: { x: 2.5 },
    r: [{ x: 0, y: 1, s: 'q' }],
  },
];

const ATOMS = [
  '1',
  '2.5',
  '1u',
  '"x"',
  '"1"',
  'true',
  'null',
  '[1]',
  '["x"]',
  '{"x": 1}',
  'int',
  'duration("1s")',
  'timestamp("2026-01-01")',
];
const FIELDS = ['n', 'i', 's', 'b', 'z', 'm', 'e', 'l', 't', 'o', 'a', 'r', 'typo'];
const OPERATORS = ['+', '-', '*', '/', '%', '<', '>=', '==', '!=', 'in'];
const FUNCTIONS = ['size', 'int', 'double', 'string', 'bool', 'type', 'timestamp', 'math.greatest', 'json.stringify'];
const METHODS = [
  'size()',
  'trim()',
  'contains("x")',
  'join(",")',
  'sort()',
  'sum()',
  'reverse()',
  'getHours()',
  'substring(0)',
  'flatten()',
];

/** An expression without `&&`, `||`, `?:` and coalesce, which hide failures of their parts, over lists that are not empty. */
function write(dice: (sides: number) => number, depth: number): string {
  const pick = (list: readonly string[]): string => list[dice(list.length)] ?? '';
  const inner = (): string => write(dice, depth - 1);
  if (depth === 0) return dice(3) === 0 ? pick(ATOMS) : `input.${pick(FIELDS)}`;
  switch (dice(9)) {
    case 0:
    case 1:
    case 2:
      return `(${inner()} ${pick(OPERATORS)} ${inner()})`;
    case 3:
      return `${pick(FUNCTIONS)}(${inner()})`;
    case 4:
      return `(${inner()}).${pick(METHODS)}`;
    case 5:
      return `(${inner()})${pick(['.x', '.y', '[0]', '["x"]', `[${inner()}]`])}`;
    case 6:
      return `(${inner()}).${pick(['map', 'filter'])}(v, v ${pick(OPERATORS)} ${inner()})`;
    case 7:
      return pick([`has(input.${pick(FIELDS)})`, `!(${inner()})`, `-(${inner()})`]);
    default:
      return pick([`[${inner()}, ${inner()}]`, `{"x": ${inner()}}`, inner()]);
  }
}

const gives = (source: string, input: Json): boolean => {
  try {
    programOf(source, { variables: { input: true } }).evaluate({ input });
    return true;
  } catch {
    return false;
  }
};

describe('what the types refuse', () => {
  it('fails with every input that fits the schema', () => {
    const dice = createDice(20_261_121);
    const seen = { refused: 0, taken: 0, works: 0 };
    const wrong: string[] = [];
    for (let turn = 0; turn < 5_000; turn += 1) {
      const source = write(dice, 1 + dice(3));
      const isKnown = compileExpression(source, { variables: { input: true } }).ok;
      if (!isKnown) continue;
      const isTaken = compileExpression(source, { variables: { input: SCHEMA } }).ok;
      const isWorking = INPUTS.some((input) => gives(source, input));
      seen[isTaken ? 'taken' : 'refused'] += 1;
      if (isWorking) seen.works += 1;
      if (!isTaken && isWorking) wrong.push(source);
    }
    expect(wrong).toEqual([]);
    expect(seen.refused).toBeGreaterThan(800);
    expect(seen.works).toBeGreaterThan(700);
    // Of what is taken, most does work: the types see what there is to see.
    expect(seen.works / seen.taken).toBeGreaterThan(0.6);
    console.log(`${JSON.stringify(seen)} of 5,000 expressions`);
  });

  it('fails without a schema as well, where the expression alone tells', () => {
    const dice = createDice(7);
    const wrong: string[] = [];
    let refused = 0;
    for (let turn = 0; turn < 2_000; turn += 1) {
      const [left, operator, right] = [ATOMS, OPERATORS, ATOMS].map((list) => list[dice(list.length)] ?? '');
      const source = `${left} ${operator} ${right}`;
      const isTaken = compileExpression(source, { variables: {} }).ok;
      if (isTaken) continue;
      refused += 1;
      const opaque = `[${left}].map(a, [${right}].map(b, dyn(a) ${operator} dyn(b)))`;
      if (gives(opaque, {})) wrong.push(source);
    }
    expect(wrong).toEqual([]);
    expect(refused).toBeGreaterThan(500);
  });
});
