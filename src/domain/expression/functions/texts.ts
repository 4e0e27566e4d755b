import { type CelFunc, celFunc, type CelList, celMethod, CelScalar, listType } from '@bufbuild/cel';
import { describeValue } from '../describe-value.ts';
import { Fault } from '../faults.ts';
import { listOf } from '../json-view.ts';
import type { Meter } from '../meter.ts';
import { lengthOf, pointsOf, unitOffset } from './code-points.ts';

const { DYN, INT, STRING } = CelScalar;
const LIST = listType(DYN);

/** Offset of a character; refuses what lies outside of the text. */
function offsetIn(text: string, index: bigint): number {
  const position = Number(index);
  const length = lengthOf(text);
  if (position >= 0 && position <= length) return unitOffset(text, position);
  throw new Fault({
    code: 'EXPRESSION_INVALID_VALUE',
    text: `position ${index} lies outside of text with ${length} characters`,
  });
}

const pointIndex = (text: string, offset: number): bigint => BigInt(offset <= 0 ? offset : lengthOf(text.slice(0, offset)));

function substring(text: string, start: bigint, end?: bigint): string {
  const from = offsetIn(text, start);
  const to = end === undefined ? text.length : offsetIn(text, end);
  if (from <= to) return text.slice(from, to);
  throw new Fault({ code: 'EXPRESSION_INVALID_VALUE', text: `a part of text cannot begin at ${start} and end at ${end}` });
}

function splitText(text: string, separator: string, limit: bigint, meter: Meter): string[] {
  if (limit === 0n) return [];
  const pieces = separator === '' ? pointsOf(text) : text.split(separator);
  meter.charge(pieces.length);
  if (limit < 0n || BigInt(pieces.length) <= limit) return pieces;
  const kept = pieces.slice(0, Number(limit) - 1);
  return [...kept, pieces.slice(Number(limit) - 1).join(separator)];
}

function replaceText(
  text: string,
  { from, to, limit }: { readonly from: string; readonly to: string; readonly limit: bigint },
  meter: Meter,
): string {
  if (limit === 0n) return text;
  // Nothing stands before each character, and behind the last one.
  const pieces = from === '' ? ['', ...pointsOf(text), ''] : text.split(from);
  const gaps = pieces.length - 1;
  const count = limit < 0n || BigInt(gaps) < limit ? gaps : Number(limit);
  meter.charge(pieces.length);
  meter.allowText(text.length + count * Math.max(0, to.length - from.length));
  return [pieces.slice(0, count + 1).join(to), ...pieces.slice(count + 1)].join(from);
}

function joinTexts(list: CelList, separator: string, meter: Meter): string {
  const texts: string[] = [];
  let length = 0;
  for (const item of list) {
    if (typeof item !== 'string') {
      throw new Fault({
        code: 'EXPRESSION_TYPE',
        text: `join takes text, but item ${texts.length} is ${describeValue(item)}`,
        suggestion: 'write list.map(x, string(x)).join(…)',
      });
    }
    length += item.length + separator.length;
    meter.charge(1);
    meter.allowText(item.length);
    texts.push(item);
  }
  meter.allowText(length);
  return texts.join(separator);
}

function charAt(text: string, index: bigint): string {
  const offset = offsetIn(text, index);
  const point = text.codePointAt(offset);
  return point === undefined ? '' : String.fromCodePoint(point);
}

const lastIndexOf = (text: string, part: string, start: bigint): bigint =>
  pointIndex(text, text.lastIndexOf(part, offsetIn(text, start)));

/** Functions of text, counted in code points. */
export const createTexts = (meter: Meter): readonly CelFunc[] => [
  celFunc('size', [STRING], INT, (text) => BigInt(lengthOf(text))),
  celMethod('size', STRING, [], INT, function () {
    return BigInt(lengthOf(this));
  }),
  celMethod('charAt', STRING, [INT], STRING, function (index) {
    return charAt(this, index);
  }),
  celMethod('indexOf', STRING, [STRING], INT, function (part) {
    return pointIndex(this, this.indexOf(part));
  }),
  celMethod('indexOf', STRING, [STRING, INT], INT, function (part, start) {
    return pointIndex(this, this.indexOf(part, offsetIn(this, start)));
  }),
  celMethod('lastIndexOf', STRING, [STRING], INT, function (part) {
    return pointIndex(this, this.lastIndexOf(part));
  }),
  celMethod('lastIndexOf', STRING, [STRING, INT], INT, function (part, start) {
    return lastIndexOf(this, part, start);
  }),
  celMethod('substring', STRING, [INT], STRING, function (start) {
    return substring(this, start);
  }),
  celMethod('substring', STRING, [INT, INT], STRING, function (start, end) {
    return substring(this, start, end);
  }),
  celMethod('lowerAscii', STRING, [], STRING, function () {
    return this.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
  }),
  celMethod('upperAscii', STRING, [], STRING, function () {
    return this.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
  }),
  celMethod('replace', STRING, [STRING, STRING], STRING, function (from, to) {
    return replaceText(this, { from, to, limit: -1n }, meter);
  }),
  celMethod('replace', STRING, [STRING, STRING, INT], STRING, function (from, to, limit) {
    return replaceText(this, { from, to, limit }, meter);
  }),
  celMethod('split', STRING, [STRING], LIST, function (separator) {
    return listOf(splitText(this, separator, -1n, meter));
  }),
  celMethod('split', STRING, [STRING, INT], LIST, function (separator, limit) {
    return listOf(splitText(this, separator, limit, meter));
  }),
  celMethod('join', LIST, [], STRING, function () {
    return joinTexts(this, '', meter);
  }),
  celMethod('join', LIST, [STRING], STRING, function (separator) {
    return joinTexts(this, separator, meter);
  }),
  celMethod('reverse', STRING, [], STRING, function () {
    return pointsOf(this).reverse().join('');
  }),
];
