import { celType, type CelValue, isCelList, isCelMap, isCelType, isCelUint } from '@bufbuild/cel';
import { toJson } from '@bufbuild/protobuf';
import { DurationSchema, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { durationOf, timestampOf } from './moments.ts';

const SHOWN_TEXT = 60;
const SHOWN_KEYS = 5;

const quote = (text: string): string => JSON.stringify(text.length > SHOWN_TEXT ? `${text.slice(0, SHOWN_TEXT)}…` : text);

/** Names in quotes, the first few of many. */
export function listNames(names: Iterable<unknown>): string {
  const shown: string[] = [];
  for (const name of names) {
    if (shown.length === SHOWN_KEYS) return `${shown.join(', ')}, …`;
    shown.push(typeof name === 'string' ? quote(name) : String(isCelUint(name) ? name.value : name));
  }
  return shown.join(', ');
}

/** The kind of a value in words. */
export function describeKind(value: CelValue): string {
  if (value === null) return 'null';
  if (isCelList(value)) return 'a list';
  if (isCelMap(value)) return 'an object';
  if (isCelType(value)) return 'a type';
  if (timestampOf(value) !== undefined) return 'a timestamp';
  if (durationOf(value) !== undefined) return 'a duration';
  return celType(value).name;
}

/** A value and its kind for a message, short. */
export function describeValue(value: CelValue): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return `${quote(value)} (string)`;
  if (typeof value === 'bigint') return `${value} (int)`;
  if (typeof value === 'number') return `${value} (double)`;
  if (typeof value === 'boolean') return `${value} (bool)`;
  if (isCelUint(value)) return `${value.value} (uint)`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (isCelList(value)) return `a list of ${value.size}`;
  if (isCelMap(value)) return value.size === 0 ? 'an empty object' : `an object with ${listNames(value.keys())}`;
  if (isCelType(value)) return `the type ${value.name}`;
  const timestamp = timestampOf(value);
  if (timestamp !== undefined) return `${toJson(TimestampSchema, timestamp)} (timestamp)`;
  const duration = durationOf(value);
  return duration === undefined ? 'a message' : `${toJson(DurationSchema, duration)} (duration)`;
}
