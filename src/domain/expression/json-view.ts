import { type CelList, celList, celMap, type CelValue, isCelList, isCelMap } from '@bufbuild/cel';
import { isJsonObject, type Json, type JsonObject } from '@durabase/contracts';
import { Fault } from './faults.ts';

/**
 * The library tells its lists and maps by a symbol that it does not export. Its own views copy: an object at each access, an
 * array as a whole; ours read what is asked for and keep the JSON they came from.
 */
const brandOf = (sample: object): symbol => {
  const [brand] = Object.getOwnPropertySymbols(sample);
  if (brand === undefined) throw new Error('the CEL library no longer marks its lists and maps by a symbol');
  return brand;
};
const LIST = brandOf(celList([]));
const MAP = brandOf(celMap(new Map()));

/** A JSON array as CEL sees it. */
class JsonList {
  readonly source: readonly Json[];

  constructor(source: readonly Json[]) {
    this.source = source;
  }
  get size(): number {
    return this.source.length;
  }
  get(index: number): CelValue | undefined {
    const value = Number.isInteger(index) && index >= 0 ? this.source[index] : undefined;
    return value === undefined ? undefined : viewJson(value);
  }
  *values(): Generator<CelValue> {
    for (const item of this.source) yield viewJson(item);
  }
  [Symbol.iterator](): Generator<CelValue> {
    return this.values();
  }
}

/** A JSON object as CEL sees it: its own properties, whatever their names. */
class JsonMap {
  readonly source: JsonObject;

  constructor(source: JsonObject) {
    this.source = source;
  }
  get size(): number {
    return Object.keys(this.source).length;
  }
  get(key: unknown): CelValue | undefined {
    if (typeof key !== 'string' || !Object.hasOwn(this.source, key)) return undefined;
    const value = this.source[key];
    return value === undefined ? undefined : viewJson(value);
  }
  has(key: unknown): boolean {
    return this.get(key) !== undefined;
  }
  *keys(): Generator<string> {
    for (const key of Object.keys(this.source)) if (this.source[key] !== undefined) yield key;
  }
  *entries(): Generator<[string, CelValue]> {
    for (const key of this.keys()) yield [key, viewJson(this.source[key] ?? null)];
  }
  *values(): Generator<CelValue> {
    for (const [, value] of this.entries()) yield value;
  }
  forEach(visit: (value: CelValue, key: string, map: unknown) => void): void {
    for (const [key, value] of this.entries()) visit(value, key, this);
  }
  [Symbol.iterator](): Generator<[string, CelValue]> {
    return this.entries();
  }
}

/** A list of values, which a loop may still be filling. */
class ValueList {
  readonly items: CelValue[];

  constructor(items: CelValue[]) {
    this.items = items;
  }
  get size(): number {
    return this.items.length;
  }
  get(index: number): CelValue | undefined {
    return index >= 0 ? this.items[index] : undefined;
  }
  values(): ArrayIterator<CelValue> {
    return this.items.values();
  }
  [Symbol.iterator](): ArrayIterator<CelValue> {
    return this.items.values();
  }
}

for (const { prototype } of [JsonList, ValueList]) Object.defineProperty(prototype, LIST, { value: true });
Object.defineProperty(JsonMap.prototype, MAP, { value: true });

/** The library's own guard says whether the mark is still the right one. */
const checked = <Value>(value: object, isValue: (value: unknown) => value is Value): Value => {
  if (!isValue(value)) throw new Error('the CEL library does not know our lists and maps');
  return value;
};

/** A list that holds these values. The array is used, not copied. */
export const listOf = (items: CelValue[]): CelList => checked(new ValueList(items), isCelList);

/** The array behind a list of {@link listOf}. */
export const itemsOf = (list: unknown): CelValue[] | undefined => (list instanceof ValueList ? list.items : undefined);

/** The JSON that a list or map is a view of; `undefined` for those that an expression has made. */
export const sourceOf = (value: unknown): Json | undefined =>
  value instanceof JsonMap || value instanceof JsonList ? value.source : undefined;

/** A JSON value as CEL sees it. Safe integers are `int`, all other numbers `double`. */
export function viewJson(value: Json): CelValue {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return checked(new JsonList(value), isCelList);
  if (isJsonObject(value)) return checked(new JsonMap(value), isCelMap);
  throw new Fault({ code: 'EXPRESSION_NOT_JSON', text: `a ${typeof value} was given, which is no JSON value` });
}
