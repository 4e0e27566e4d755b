import type { CelType } from '@bufbuild/cel';

/** Kinds of values, one bit each. */
export const KIND = {
  null: 1,
  bool: 2,
  int: 4,
  uint: 8,
  double: 16,
  string: 32,
  bytes: 64,
  list: 128,
  map: 256,
  timestamp: 512,
  duration: 1_024,
  type: 2_048,
} as const;

export const NUMBER = KIND.int | KIND.uint | KIND.double;
export const ALL = 4_095;
/** What JSON has. A number of JSON may be an int or a double, whatever its schema says: 1e300 is an integer there. */
export const JSON_NUMBER = KIND.int | KIND.double;
export const JSON_KINDS = KIND.null | KIND.bool | JSON_NUMBER | KIND.string | KIND.list | KIND.map;

/** What is known of a value before there is one. It may be any of its kinds; parts are looked at only when they are read. */
export interface StaticType {
  readonly kinds: number;
  /** Type of a property; `undefined` when there cannot be one of that name. Left out: anything. */
  readonly property?: (name: string) => StaticType | undefined;
  /** Names of the properties that are known. */
  readonly names?: () => readonly string[];
  /** Type of the items. Left out: anything. */
  readonly items?: () => StaticType;
}

export const ANYTHING: StaticType = { kinds: ALL };
export const NULL: StaticType = { kinds: KIND.null };
export const BOOL: StaticType = { kinds: KIND.bool };

/** What a value is that may be either. */
export function eitherOf(left: StaticType, right: StaticType): StaticType {
  const withMap = [left, right].filter(({ kinds }) => (kinds & KIND.map) !== 0);
  const withList = [left, right].filter(({ kinds }) => (kinds & KIND.list) !== 0);
  const property = (name: string): StaticType | undefined =>
    withMap
      .map((type) => (type.property === undefined ? ANYTHING : type.property(name)))
      .reduce((known, next) => (known === undefined ? next : next === undefined ? known : eitherOf(known, next)), undefined);
  return {
    kinds: left.kinds | right.kinds,
    ...(withMap.length === 0 ? {} : { property, names: () => [...new Set(withMap.flatMap(({ names }) => names?.() ?? []))] }),
    ...(withList.length === 0
      ? {}
      : { items: () => withList.map(({ items }) => items?.() ?? ANYTHING).reduce((known, next) => eitherOf(known, next)) }),
  };
}

/** The kinds that a declared type of the library takes. */
export function kindsOf(type: CelType): number {
  switch (type.kind) {
    case 'list':
      return KIND.list;
    case 'map':
      return KIND.map;
    case 'object':
      return type.name === 'google.protobuf.Duration' ? KIND.duration : KIND.timestamp;
    case 'scalar':
      if (type.name === 'dyn') return ALL;
      return type.name === 'null_type' ? KIND.null : KIND[type.name];
  }
}

const WORDS: readonly (readonly [number, string])[] = [
  [NUMBER, 'a number'],
  [KIND.string, 'text'],
  [KIND.bool, 'true or false'],
  [KIND.list, 'a list'],
  [KIND.map, 'an object'],
  [KIND.null, 'null'],
  [KIND.bytes, 'bytes'],
  [KIND.timestamp, 'a timestamp'],
  [KIND.duration, 'a duration'],
  [KIND.type, 'a type'],
];

/** Kinds in words: `text or null`. */
export const describeKinds = (kinds: number): string =>
  WORDS.filter(([mask]) => (kinds & mask) !== 0)
    .map(([, word]) => word)
    .join(' or ');
