import {
  type CelFunc,
  celFunc,
  type CelList,
  celMethod,
  CelScalar,
  type CelValue,
  isCelList,
  isCelUint,
  listType,
} from '@bufbuild/cel';
import { describeValue } from '../describe-value.ts';
import { Fault } from '../faults.ts';
import { listOf } from '../json-view.ts';
import type { Meter } from '../meter.ts';
import { timestampOf } from '../moments.ts';
import { compareText } from './code-points.ts';
import type { Equals } from './compare.ts';
import { plainNumber, requireInt, requireNumber } from './numbers.ts';

const { DYN, INT } = CelScalar;
const LIST = listType(DYN);

const invalid = (text: string): Fault => new Fault({ code: 'EXPRESSION_INVALID_VALUE', text });

/** A value in a form that sorts, and which values it sorts with. */
function sortable(value: CelValue): { readonly kind: string; readonly key: string | bigint | number | boolean } {
  if (typeof value === 'string') return { kind: 'text', key: value };
  if (typeof value === 'boolean') return { kind: 'bool', key: value };
  if (typeof value === 'bigint' || typeof value === 'number' || isCelUint(value)) {
    return { kind: 'numbers', key: plainNumber(value) };
  }
  const timestamp = timestampOf(value);
  if (timestamp !== undefined) return { kind: 'timestamps', key: timestamp.seconds * 1_000_000_000n + BigInt(timestamp.nanos) };
  throw new Fault({
    code: 'EXPRESSION_TYPE',
    text: `sort takes numbers, text, bools or timestamps, not ${describeValue(value)}`,
  });
}

function sortList(list: CelList, meter: Meter): CelList {
  const items = [...list].map((value) => ({ value, ...sortable(value) }));
  meter.charge(Math.ceil(items.length * Math.log2(items.length + 1)));
  const [first] = items;
  const other = items.find(({ kind }) => kind !== first?.kind);
  if (first !== undefined && other !== undefined) {
    throw new Fault({
      code: 'EXPRESSION_TYPE',
      text: `sort takes values of one type, not ${describeValue(first.value)} and ${describeValue(other.value)}`,
    });
  }
  items.sort(({ key: left }, { key: right }) => {
    if (typeof left === 'string' && typeof right === 'string') return compareText(left, right);
    return left < right ? -1 : left > right ? 1 : 0;
  });
  return listOf(items.map(({ value }) => value));
}

function distinctItems(list: CelList, equals: Equals, meter: Meter): CelList {
  const kept: CelValue[] = [];
  const seen = new Set<CelValue>();
  for (const item of list) {
    meter.charge(1);
    const isText = typeof item === 'string';
    if (isText ? seen.has(item) : kept.some((other) => (meter.charge(1), equals(item, other)))) continue;
    if (isText) seen.add(item);
    kept.push(item);
  }
  return listOf(kept);
}

function sliceList(list: CelList, start: bigint, end: bigint, meter: Meter): CelList {
  if (start < 0n || end > BigInt(list.size) || start > end) {
    throw invalid(`items ${start} to ${end} are not all in a list of ${list.size}`);
  }
  const items: CelValue[] = [];
  meter.charge(Number(end - start));
  for (let index = Number(start); index < Number(end); index += 1) items.push(list.get(index) ?? null);
  return listOf(items);
}

function sumOf(list: CelList, meter: Meter): bigint | number {
  meter.charge(list.size);
  let sum: bigint | number = 0n;
  for (const item of list) {
    const value = plainNumber(requireNumber(item, 'sum'));
    sum = typeof sum === 'bigint' && typeof value === 'bigint' ? requireInt(sum + value, 'the sum') : Number(sum) + Number(value);
  }
  return sum;
}

function rangeOf(count: bigint, meter: Meter): CelList {
  if (count < 0n) throw invalid(`lists.range takes a number from 0, not ${count}`);
  meter.charge(Number(count));
  return listOf(Array.from({ length: Number(count) }, (_, index) => BigInt(index)));
}

/** Functions of lists, by the names of the official extension, and `sum`. */
export const createLists = (meter: Meter, equals: Equals): readonly CelFunc[] => [
  celFunc('lists.range', [INT], LIST, (count) => rangeOf(count, meter)),
  celMethod('sort', LIST, [], LIST, function () {
    return sortList(this, meter);
  }),
  celMethod('distinct', LIST, [], LIST, function () {
    return distinctItems(this, equals, meter);
  }),
  celMethod('reverse', LIST, [], LIST, function () {
    meter.charge(this.size);
    return listOf([...this].reverse());
  }),
  celMethod('flatten', LIST, [], LIST, function () {
    const items: CelValue[] = [];
    for (const item of this) {
      meter.charge(isCelList(item) ? item.size + 1 : 1);
      if (isCelList(item)) for (const inner of item) items.push(inner);
      else items.push(item);
    }
    return listOf(items);
  }),
  celMethod('slice', LIST, [INT, INT], LIST, function (start, end) {
    return sliceList(this, start, end, meter);
  }),
  celMethod('sum', LIST, [], DYN, function () {
    return sumOf(this, meter);
  }),
];
