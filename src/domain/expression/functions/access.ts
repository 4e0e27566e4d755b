import {
  type CelFunc,
  celFunc,
  type CelList,
  type CelMap,
  celMap,
  CelScalar,
  type CelUint,
  type CelValue,
  isCelList,
  isCelMap,
  isCelUint,
} from '@bufbuild/cel';
import { suggestName } from '../../plan/suggest-name.ts';
import { describeValue, listNames } from '../describe-value.ts';
import { Fault } from '../faults.ts';
import { itemsOf, listOf } from '../json-view.ts';
import type { Meter } from '../meter.ts';

const { BOOL, DYN, INT, STRING } = CelScalar;

/** Names of the functions that stand in the tree in place of what the library would do by itself. No source can write them. */
export const ACCESS = {
  select: '@select',
  index: '@index',
  has: '@has',
  dig: '@dig',
  range: '@range',
  tick: '@tick',
  condition: '@condition',
  object: '@object',
  list: '@list',
  append: '@append',
  going: '@going',
} as const;

const MAX_SUGGESTED = 200;

const suggestKey = (name: string, map: CelMap): string => {
  if (map.size === 0) return 'it is empty';
  const names: string[] = [];
  for (const key of map.keys()) {
    if (names.length === MAX_SUGGESTED) break;
    if (typeof key === 'string') names.push(key);
  }
  const hint = suggestName(name, names);
  return hint.startsWith('known') || hint === 'there is none' ? `there is ${listNames(map.keys())}` : hint;
};

const noSuchKey = (text: string, suggestion?: string): Fault =>
  new Fault({
    code: 'EXPRESSION_NO_SUCH_KEY',
    text,
    isAboutHolder: true,
    ...(suggestion === undefined ? {} : { suggestion }),
  });

const OPTIONAL = 'test it with has(…), or write coalesce(…, other)';

function select(holder: CelValue, name: string): CelValue {
  if (isCelMap(holder)) {
    const value = holder.get(name);
    if (value !== undefined) return value;
    throw noSuchKey(`has no ${JSON.stringify(name)}`, suggestKey(name, holder));
  }
  if (holder === null) throw noSuchKey(`is null and has no ${JSON.stringify(name)}`, OPTIONAL);
  const isLength = name === 'length' || name === 'size' || name === 'count';
  throw new Fault({
    code: 'EXPRESSION_TYPE',
    text: `is ${describeValue(holder)} and has no ${JSON.stringify(name)}`,
    isAboutHolder: true,
    ...(isLength ? { suggestion: 'write size(…)' } : {}),
    ...(isCelList(holder) && !isLength ? { suggestion: `read one item: […][0].${name}, or all: ….map(x, x.${name})` } : {}),
  });
}

/** A key as position of a list; `undefined` where it is none. */
const positionOf = (key: CelValue): number | undefined => {
  const number = isCelUint(key) ? Number(key.value) : typeof key === 'bigint' ? Number(key) : key;
  return typeof number === 'number' && Number.isInteger(number) ? number : undefined;
};

function itemAt(list: CelList, key: CelValue): CelValue {
  const position = positionOf(key);
  if (position === undefined) {
    throw new Fault({
      code: 'EXPRESSION_TYPE',
      text: `is a list: its items are read by a whole number, not by ${describeValue(key)}`,
      isAboutHolder: true,
    });
  }
  const item = list.get(position);
  if (item !== undefined) return item;
  throw noSuchKey(`has ${list.size} ${list.size === 1 ? 'item' : 'items'} and no item ${position}`, 'the first item is [0]');
}

function index(holder: CelValue, key: CelValue): CelValue {
  if (isCelList(holder)) return itemAt(holder, key);
  if (typeof key === 'string') return select(holder, key);
  if (isCelMap(holder)) {
    const isKey = typeof key === 'bigint' || typeof key === 'number' || typeof key === 'boolean' || isCelUint(key);
    const value = isKey ? holder.get(key) : undefined;
    if (value !== undefined) return value;
    if (isKey) throw noSuchKey(`has no ${describeValue(key)}`, 'names of a JSON object are text: write ["1"]');
  }
  if (holder === null) throw noSuchKey('is null', OPTIONAL);
  throw new Fault({
    code: 'EXPRESSION_TYPE',
    text: `is ${describeValue(holder)} and cannot be read by ${describeValue(key)}`,
    isAboutHolder: true,
    ...(typeof holder === 'string' ? { suggestion: 'write text.charAt(0) or text.substring(0, 1)' } : {}),
  });
}

/** What is there, without complaint about what is not. */
function find(holder: CelValue, key: CelValue): CelValue | undefined {
  if (isCelMap(holder)) return typeof key !== 'object' || isCelUint(key) ? holder.get(key) : undefined;
  if (!isCelList(holder)) return undefined;
  const position = positionOf(key);
  return position === undefined ? undefined : holder.get(position);
}

const wrong = (text: string, suggestion?: string): Fault =>
  new Fault({ code: 'EXPRESSION_TYPE', text, ...(suggestion === undefined ? {} : { suggestion }) });

/** An object of names and values in turn. */
function objectOf(parts: readonly CelValue[]): CelMap {
  const entries = new Map<bigint | string | boolean | CelUint, CelValue>();
  const taken = new Set<CelValue>();
  for (let at = 0; at < parts.length; at += 2) {
    const [written = null, value = null] = parts.slice(at, at + 2);
    const isWhole = typeof written === 'number' && Number.isInteger(written);
    const key = isWhole ? BigInt(written) : written;
    if (typeof key !== 'string' && typeof key !== 'boolean' && typeof key !== 'bigint' && !isCelUint(key)) {
      throw wrong(`the names of an object are text, not ${describeValue(written)}`, 'write string(…)');
    }
    const plain = isCelUint(key) ? key.value : key;
    if (taken.has(plain)) {
      throw new Fault({
        code: 'EXPRESSION_INVALID_VALUE',
        text: `an object would hold the name ${JSON.stringify(String(plain))} twice`,
      });
    }
    taken.add(plain);
    entries.set(key, value);
  }
  return celMap(entries);
}

/** Reading of values, and the parts of loops and conditions that must be counted or explained. */
export const createAccess = (meter: Meter): readonly CelFunc[] => [
  celFunc(ACCESS.select, [DYN, STRING], DYN, select),
  celFunc(ACCESS.index, [DYN, DYN], DYN, index),
  celFunc(ACCESS.has, [DYN, DYN], BOOL, (holder, key) => find(holder, key) !== undefined),
  celFunc(ACCESS.dig, [DYN, DYN], DYN, (holder, keys) => {
    let value: CelValue | undefined = holder;
    for (const key of isCelList(keys) ? keys : []) value = value === undefined ? undefined : find(value, key);
    return value ?? null;
  }),
  celFunc(ACCESS.range, [DYN], DYN, (range) => {
    if (!isCelList(range) && !isCelMap(range))
      throw wrong(`a loop goes over a list or an object, not over ${describeValue(range)}`);
    meter.charge(range.size);
    return range;
  }),
  celFunc(ACCESS.tick, [INT], BOOL, (units) => {
    meter.charge(Number(units));
    return true;
  }),
  celFunc(ACCESS.condition, [DYN], BOOL, (value) => {
    if (typeof value === 'boolean') return value;
    throw wrong(`a condition is true or false, not ${describeValue(value)}`, 'compare it: a == b, a != null, size(a) > 0');
  }),
  celFunc(ACCESS.object, [DYN], DYN, (parts) => objectOf(isCelList(parts) ? [...parts] : [])),
  celFunc(ACCESS.list, [], DYN, () => listOf([])),
  celFunc(ACCESS.append, [DYN, DYN], DYN, (list, value) => {
    itemsOf(list)?.push(value);
    return list;
  }),
  // A failure takes the place of what a loop has gathered: it fails here, before the next turn.
  celFunc(ACCESS.going, [DYN], BOOL, () => true),
];
