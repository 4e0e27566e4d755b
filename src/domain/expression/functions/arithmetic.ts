import { type CelFunc, celFunc, CelScalar, listType } from '@bufbuild/cel';
import { listOf } from '../json-view.ts';
import type { Meter } from '../meter.ts';

const { BYTES, DOUBLE, DYN, INT, STRING } = CelScalar;
const LIST = listType(DYN);

/** What is computed as floating point as soon as one side is: JSON does not tell 1 from 1.0. */
const MIXED: readonly (readonly [string, (left: number, right: number) => number])[] = [
  ['_+_', (left, right) => left + right],
  ['_-_', (left, right) => left - right],
  ['_*_', (left, right) => left * right],
  ['_/_', (left, right) => left / right],
  ['_%_', (left, right) => left % right],
];

/** Arithmetic over mixed numbers, and `+` for what can grow. The rest of arithmetic is the library's. */
export const createArithmetic = (meter: Meter): readonly CelFunc[] => [
  ...MIXED.flatMap(([name, compute]) => [
    celFunc(name, [INT, DOUBLE], DOUBLE, (left, right) => compute(Number(left), right)),
    celFunc(name, [DOUBLE, INT], DOUBLE, (left, right) => compute(left, Number(right))),
  ]),
  celFunc('_%_', [DOUBLE, DOUBLE], DOUBLE, (left, right) => left % right),
  celFunc('_+_', [STRING, STRING], STRING, (left, right) => {
    meter.allowText(left.length + right.length);
    return left + right;
  }),
  celFunc('_+_', [BYTES, BYTES], BYTES, (left, right) => {
    meter.allowText(left.length + right.length);
    const joined = new Uint8Array(left.length + right.length);
    joined.set(left);
    joined.set(right, left.length);
    return joined;
  }),
  celFunc('_+_', [LIST, LIST], LIST, (left, right) => {
    meter.charge(left.size + right.size);
    return listOf([...left, ...right]);
  }),
];
