import {
  type CelFunc,
  celFunc,
  CelScalar,
  celType,
  type CelValue,
  isCelList,
  isCelMap,
  isCelType,
  isCelUint,
  listType,
  mapType,
} from '@bufbuild/cel';
import { Abort, Fault } from '../faults.ts';
import { sourceOf } from '../json-view.ts';
import { MAX_DEPTH } from '../limits.ts';
import type { Meter } from '../meter.ts';
import { durationOf, timestampOf } from '../moments.ts';
import { compareText } from './code-points.ts';

const { BOOL, DYN, STRING } = CelScalar;

/** Whether two values are the same; numbers are compared across types, NaN is nothing. */
export type Equals = (left: CelValue, right: CelValue, depth?: number) => boolean;

const equalMoments = (left: CelValue, right: CelValue): boolean => {
  for (const read of [timestampOf, durationOf]) {
    const [a, b] = [read(left), read(right)];
    if (a !== undefined && b !== undefined) return a.seconds === b.seconds && a.nanos === b.nanos;
  }
  return false;
};

const equalBytes = (left: Uint8Array, right: Uint8Array): boolean =>
  left.length === right.length && left.every((byte, index) => byte === right[index]);

const numberOf = (value: CelValue): bigint | number | undefined =>
  isCelUint(value) ? value.value : typeof value === 'bigint' || typeof value === 'number' ? value : undefined;

/** Equality that pays for every value that it looks at. */
export function createEquals(meter: Meter): Equals {
  const equals: Equals = (left, right, depth = 0) => {
    if (depth > MAX_DEPTH) {
      throw new Abort({ code: 'EXPRESSION_TOO_LARGE', text: `values nested more than ${MAX_DEPTH} deep cannot be compared` });
    }
    if (left === right) return true;
    const [a, b] = [numberOf(left), numberOf(right)];
    // oxlint-disable-next-line eslint/eqeqeq -- bigint and number compare by value
    if (a !== undefined && b !== undefined) return a == b;
    if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
    const source = sourceOf(left);
    if (source !== undefined && source === sourceOf(right)) return true;
    if (isCelList(left)) {
      if (!isCelList(right) || left.size !== right.size) return false;
      for (let index = 0; index < left.size; index += 1) {
        meter.charge(1);
        const [item, other] = [left.get(index), right.get(index)];
        if (item === undefined || other === undefined || !equals(item, other, depth + 1)) return false;
      }
      return true;
    }
    if (isCelMap(left)) {
      if (!isCelMap(right) || left.size !== right.size) return false;
      for (const [key, value] of left) {
        meter.charge(1);
        const other = right.get(key);
        if (other === undefined || !equals(value, other, depth + 1)) return false;
      }
      return true;
    }
    if (left instanceof Uint8Array) return right instanceof Uint8Array && equalBytes(left, right);
    if (isCelType(left)) return isCelType(right) && left.kind === right.kind && left.name === right.name;
    return equalMoments(left, right);
  };
  return equals;
}

const isKey = (value: CelValue): value is bigint | string | boolean | number => typeof value !== 'object' || isCelUint(value);

/** Equality, membership and the order of text. */
export function createComparison(meter: Meter, equals: Equals): readonly CelFunc[] {
  const textOrder = (name: string, isFitting: (order: number) => boolean): CelFunc =>
    celFunc(name, [STRING, STRING], BOOL, (left, right) => isFitting(compareText(left, right)));
  return [
    celFunc('_==_', [DYN, DYN], BOOL, (left, right) => equals(left, right)),
    celFunc('_!=_', [DYN, DYN], BOOL, (left, right) => !equals(left, right)),
    celFunc('@in', [DYN, listType(DYN)], BOOL, (value, list) => {
      for (const item of list) {
        meter.charge(1);
        if (equals(item, value)) return true;
      }
      return false;
    }),
    celFunc('@in', [DYN, mapType(DYN, DYN)], BOOL, (key, map) => {
      if (isKey(key)) return map.get(key) !== undefined;
      throw new Fault({ code: 'EXPRESSION_TYPE', text: `the names of an object are text, not ${celType(key).name}` });
    }),
    textOrder('_<_', (order) => order < 0),
    textOrder('_<=_', (order) => order <= 0),
    textOrder('_>_', (order) => order > 0),
    textOrder('_>=_', (order) => order >= 0),
  ];
}
