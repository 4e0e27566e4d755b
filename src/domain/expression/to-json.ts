import { type CelMap, type CelValue, isCelList, isCelMap, isCelType, isCelUint } from '@bufbuild/cel';
import { toJson as messageToJson } from '@bufbuild/protobuf';
import { DurationSchema, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { isJsonObject, type Json } from '@durabase/contracts';
import { formatPath } from '@durabase/contracts/json-path';
import { describeValue } from './describe-value.ts';
import { Fault } from './faults.ts';
import { encodeBase64 } from './functions/base64.ts';
import { sourceOf } from './json-view.ts';
import { MAX_DEPTH, MAX_RESULT_BYTES } from './limits.ts';
import type { Meter } from './meter.ts';
import { durationOf, timestampOf } from './moments.ts';

/** Printable ASCII that JSON does not escape. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** What happens to a value on its way. */
export interface Conversion {
  readonly meter: Meter;
  /** How the value is called in a message. */
  readonly what: string;
}

const MADE_UNITS = 0.5;

/** Bytes of a text in JSON, quotes included. */
function textBytes(text: string): number {
  if (PLAIN.test(text)) return text.length + 2;
  const written = JSON.stringify(text);
  let bytes = written.length;
  for (let index = 0; index < written.length; index += 1) {
    const unit = written.charCodeAt(index);
    // Both halves of a pair are 3 - 1 here: four bytes for the two.
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1;
  }
  return bytes;
}

/** Follows one conversion: where it is, how much it has made, and what is too much. */
class Progress {
  readonly #conversion: Conversion;
  readonly #path: (string | number)[] = [];
  #left = MAX_RESULT_BYTES;

  constructor(conversion: Conversion) {
    this.#conversion = conversion;
  }

  get depth(): number {
    return this.#path.length;
  }

  /** The place that is being converted, for a message. */
  get place(): string {
    const { what } = this.#conversion;
    return this.#path.length === 0 ? what : `${formatPath(this.#path)} of ${what}`;
  }

  add(bytes: number): void {
    this.#left -= bytes;
    if (this.#left >= 0) return;
    throw new Fault({
      code: 'EXPRESSION_TOO_LARGE',
      text: `${this.#conversion.what} is larger than ${MAX_RESULT_BYTES / 1_000_000} MB`,
      suggestion: 'read only what is needed of it',
    });
  }

  checkDepth(depth: number): void {
    if (depth <= MAX_DEPTH) return;
    throw new Fault({ code: 'EXPRESSION_TOO_LARGE', text: `${this.#conversion.what} is nested more than ${MAX_DEPTH} deep` });
  }

  /** Goes into a part. What an expression has made may hold the same part many times, so that it is paid for here. */
  inside(name: string | number, item: CelValue): Json {
    this.#conversion.meter.charge(MADE_UNITS);
    this.#path.push(name);
    const converted = convert(item, this);
    this.#path.pop();
    return converted;
  }
}

/** Counts a value that is JSON already, and is returned as it is. */
function measure(value: Json, progress: Progress, depth: number): void {
  if (typeof value === 'string') return progress.add(textBytes(value));
  if (typeof value !== 'object' || value === null) return progress.add(String(value).length);
  progress.checkDepth(depth);
  progress.add(2);
  if (isJsonObject(value)) {
    for (const [key, item] of Object.entries(value)) {
      progress.add(textBytes(key) + 2);
      measure(item, progress, depth + 1);
    }
    return undefined;
  }
  for (const item of value) {
    progress.add(1);
    measure(item, progress, depth + 1);
  }
  return undefined;
}

function wholeNumber(value: bigint, { place }: Progress): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new Fault({
    code: 'EXPRESSION_OVERFLOW',
    text: `${place} is ${value}, and JSON holds whole numbers exactly up to 2^53 only`,
    suggestion: 'write string(…) to keep all digits, or double(…)',
  });
}

const notJson = (value: CelValue, { place }: Progress, suggestion: string): Fault =>
  new Fault({ code: 'EXPRESSION_NOT_JSON', text: `${place} is ${describeValue(value)}, which JSON does not have`, suggestion });

function scalarToJson(value: CelValue, progress: Progress): Json {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'bigint') return wholeNumber(value, progress);
  if (isCelUint(value)) return wholeNumber(value.value, progress);
  if (typeof value === 'number') {
    // Minus zero is zero in JSON.
    if (Number.isFinite(value)) return value + 0;
    throw notJson(value, progress, 'was something divided by zero?');
  }
  if (value instanceof Uint8Array) return encodeBase64(value);
  const timestamp = timestampOf(value);
  if (timestamp !== undefined) return messageToJson(TimestampSchema, timestamp);
  const duration = durationOf(value);
  if (duration !== undefined) return messageToJson(DurationSchema, duration);
  throw notJson(value, progress, isCelType(value) ? 'compare it: type(a) == int' : 'return text or a number');
}

const keyText = (key: unknown): string => (isCelUint(key) ? String(key.value) : String(key));

function convertMap(map: CelMap, progress: Progress): Json {
  progress.checkDepth(progress.depth);
  progress.add(2);
  const entries = new Map<string, Json>();
  for (const [key, item] of map) {
    const name = keyText(key);
    if (entries.has(name)) {
      throw new Fault({
        code: 'EXPRESSION_NOT_JSON',
        text: `${progress.place} would hold the name ${JSON.stringify(name)} twice`,
      });
    }
    progress.add(textBytes(name) + 2);
    entries.set(name, progress.inside(name, item));
  }
  return Object.fromEntries(entries);
}

function convert(value: CelValue, progress: Progress): Json {
  const source = sourceOf(value);
  if (source !== undefined) {
    measure(source, progress, progress.depth);
    return source;
  }
  if (isCelMap(value)) return convertMap(value, progress);
  if (isCelList(value)) {
    progress.checkDepth(progress.depth);
    progress.add(2 + value.size);
    const items: Json[] = [];
    for (const item of value) items.push(progress.inside(items.length, item));
    return items;
  }
  const scalar = scalarToJson(value, progress);
  measure(scalar, progress, progress.depth);
  return scalar;
}

/**
 * A value as JSON. Bytes become base64, timestamps RFC 3339 in UTC, durations seconds such as "90s", names of objects text.
 * Throws a {@link Fault} for what has no form in JSON, or is too large.
 */
export const toJson = (value: CelValue, conversion: Conversion): Json => convert(value, new Progress(conversion));
