import { type CelFunc, celFunc, CelScalar, type CelUint, type CelValue, celUint, isCelList, isCelUint } from '@bufbuild/cel';
import { describeValue } from '../describe-value.ts';
import { Fault } from '../faults.ts';
import type { Meter } from '../meter.ts';

const { BOOL, DOUBLE, DYN, INT, UINT } = CelScalar;
const MAX_ARGUMENTS = 5;
const MAX_INT = 2n ** 63n - 1n;
const MIN_INT = -(2n ** 63n);

/** A number of any type. */
export type CelNumber = bigint | number | CelUint;

/** The value that JavaScript compares. */
export const plainNumber = (value: CelNumber): bigint | number => (isCelUint(value) ? value.value : value);

/** A value as a number, or a complaint that names it. */
export function requireNumber(value: CelValue, name: string): CelNumber {
  if (typeof value === 'bigint' || typeof value === 'number' || isCelUint(value)) return value;
  throw new Fault({ code: 'EXPRESSION_TYPE', text: `${name} takes numbers, not ${describeValue(value)}` });
}

/** An integer that fits into 64 bits. */
export function requireInt(value: bigint, what: string): bigint {
  if (value >= MIN_INT && value <= MAX_INT) return value;
  throw new Fault({ code: 'EXPRESSION_OVERFLOW', text: `${what} is beyond the range of int` });
}

/** Half away from zero; JavaScript rounds half up. */
const roundWhole = (value: number): number =>
  Number.isFinite(value) && Math.abs(value) < 2 ** 52 ? Math.sign(value) * Math.round(Math.abs(value)) : value;

/** By shifting the decimal point of the number as it is written, so that 1.005 becomes 1.01. */
function roundTo(value: number, digits: bigint): number {
  if (digits < 0n || digits > 15n) {
    throw new Fault({ code: 'EXPRESSION_INVALID_VALUE', text: `math.round keeps 0 to 15 digits, not ${digits}` });
  }
  const text = String(value);
  if (!Number.isFinite(value) || /e/.test(text)) return value;
  return Number(`${roundWhole(Number(`${text}e${digits}`))}e-${digits}`);
}

function pick(name: string, isBetter: (left: bigint | number, right: bigint | number) => boolean, meter: Meter): CelFunc[] {
  const choose = (...args: readonly CelValue[]): CelValue => {
    const [first] = args;
    const values = args.length === 1 && isCelList(first) ? [...first] : args;
    meter.charge(values.length);
    let best: CelNumber | undefined;
    for (const value of values) {
      const number = requireNumber(value, name);
      if (best === undefined || isBetter(plainNumber(number), plainNumber(best))) best = number;
    }
    if (best !== undefined) return best;
    throw new Fault({
      code: 'EXPRESSION_INVALID_VALUE',
      text: `${name} takes at least one number, and the list is empty`,
      suggestion: `write size(list) == 0 ? other : ${name}(list)`,
    });
  };
  return Array.from({ length: MAX_ARGUMENTS }, (_, index) =>
    celFunc(name, new Array<typeof DYN>(index + 1).fill(DYN), DYN, choose),
  );
}

/** One function over doubles that leaves whole numbers as they are. */
const whole = (name: string, compute: (value: number) => number): CelFunc[] => [
  celFunc(name, [DOUBLE], DOUBLE, compute),
  celFunc(name, [INT], INT, (value) => value),
  celFunc(name, [UINT], UINT, (value) => value),
];

const test = (name: string, isFitting: (value: number) => boolean): CelFunc[] => [
  celFunc(name, [DOUBLE], BOOL, isFitting),
  celFunc(name, [INT], BOOL, () => isFitting(0)),
];

/** The official `math` functions that concern numbers of JSON, and rounding to digits. */
export const createNumbers = (meter: Meter): readonly CelFunc[] => [
  ...pick('math.greatest', (left, right) => left > right, meter),
  ...pick('math.least', (left, right) => left < right, meter),
  ...whole('math.ceil', Math.ceil),
  ...whole('math.floor', Math.floor),
  ...whole('math.trunc', Math.trunc),
  ...whole('math.round', roundWhole),
  celFunc('math.round', [DOUBLE, INT], DOUBLE, roundTo),
  celFunc('math.round', [INT, INT], INT, (value) => value),
  celFunc('math.abs', [DOUBLE], DOUBLE, Math.abs),
  celFunc('math.abs', [INT], INT, (value) => requireInt(value < 0n ? -value : value, `the absolute value of ${value}`)),
  celFunc('math.abs', [UINT], UINT, (value) => value),
  celFunc('math.sign', [DOUBLE], DOUBLE, Math.sign),
  celFunc('math.sign', [INT], INT, (value) => (value > 0n ? 1n : value < 0n ? -1n : 0n)),
  celFunc('math.sign', [UINT], UINT, (value) => celUint(value.value > 0n ? 1n : 0n)),
  ...test('math.isNaN', Number.isNaN),
  ...test('math.isInf', (value) => Math.abs(value) === Number.POSITIVE_INFINITY),
  ...test('math.isFinite', Number.isFinite),
];
