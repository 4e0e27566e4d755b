import {
  type CelFunc,
  type CelList,
  celMethod,
  CelScalar,
  type CelValue,
  isCelError,
  isCelList,
  isCelMap,
  listType,
} from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { Fault } from '../faults.ts';
import { listOf } from '../json-view.ts';
import { MAX_DEPTH } from '../limits.ts';
import type { Meter } from '../meter.ts';
import { compareText } from './code-points.ts';

const { DYN, STRING } = CelScalar;
const PLACEHOLDER = /%(?:%|(?:\.(\d+))?([a-zA-Z]))/g;
const MAX_DIGITS = 100;
/** Room for a number in any notation. */
const NUMBER_LENGTH = 400;

type Format = (text: string, values: CelValue[]) => string;

/** The library's own `format`. */
function libraryFormat(): Format {
  const format = strings.find(({ name }) => name === 'format');
  return (text, values) => {
    const result = format?.call(0, text, [listOf(values)]);
    if (isCelError(result)) throw result;
    if (typeof result !== 'string') throw new Error('the CEL library has no format of text');
    return result;
  };
}

/** Lists and objects as text. The library sorts the names of objects by the language of the machine. */
function render(value: CelValue, format: Format, meter: Meter, depth = 0): string {
  meter.charge(1);
  if (typeof value === 'string') return value;
  if (depth > MAX_DEPTH) {
    throw new Fault({ code: 'EXPRESSION_TOO_LARGE', text: `values nested more than ${MAX_DEPTH} deep cannot be written` });
  }
  const inner = (item: CelValue): string => {
    const text = render(item, format, meter, depth + 1);
    meter.allowText(text.length);
    return text;
  };
  if (isCelList(value)) return `[${Array.from(value, inner).join(', ')}]`;
  if (!isCelMap(value)) return format('%s', [value]);
  const entries = Array.from(value, ([key, item]) => [inner(key), inner(item)] as const);
  entries.sort(([left], [right]) => compareText(left, right));
  return `{${entries.map(([key, item]) => `${key}: ${item}`).join(', ')}}`;
}

/** The library wants a double for `%f` and `%e`, and an int for `%d`: numbers of JSON are one or the other by chance. */
function fitNumber(value: CelValue, clause: string): CelValue {
  if (typeof value === 'bigint' && (clause === 'f' || clause === 'e')) return Number(value);
  if (typeof value === 'number' && Number.isSafeInteger(value) && 'dxXob'.includes(clause)) return BigInt(value);
  return value;
}

const lengthOf = (value: CelValue): number =>
  typeof value === 'string' || value instanceof Uint8Array ? value.length * 2 : NUMBER_LENGTH;

function prepareAll(text: string, values: CelList, format: Format, meter: Meter): CelValue[] {
  const clauses: string[] = [];
  for (const [, digits, clause] of text.matchAll(PLACEHOLDER)) {
    if (Number(digits ?? 0) > MAX_DIGITS) {
      throw new Fault({
        code: 'EXPRESSION_INVALID_VALUE',
        text: `format writes at most ${MAX_DIGITS} digits, not ${digits ?? ''}`,
      });
    }
    if (clause !== undefined) clauses.push(clause);
  }
  let length = text.length;
  return Array.from(values, (value, index) => {
    const isMany = isCelList(value) || isCelMap(value);
    const prepared = isMany && clauses[index] === 's' ? render(value, format, meter) : fitNumber(value, clauses[index] ?? '');
    length += lengthOf(prepared);
    meter.allowText(length);
    return prepared;
  });
}

/** `'%s has %d'.format([name, count])`. */
export function createFormat(meter: Meter): readonly CelFunc[] {
  const format = libraryFormat();
  return [
    celMethod('format', STRING, [listType(DYN)], STRING, function (values) {
      meter.charge(values.size + Math.ceil(this.length / 8));
      return format(this, prepareAll(this, values, format, meter));
    }),
  ];
}
