import { type CelEnv, celEnv, type CelFunc } from '@bufbuild/cel';
import { strings } from '@bufbuild/cel/ext';
import { RE2JS } from 're2js';
import { dispatchAll } from './dispatch.ts';
import { createAccess } from './functions/access.ts';
import { createArithmetic } from './functions/arithmetic.ts';
import { createComparison, createEquals } from './functions/compare.ts';
import { createConversions } from './functions/conversions.ts';
import { createEncodings } from './functions/encodings.ts';
import { createFormat } from './functions/format.ts';
import { createLists } from './functions/lists.ts';
import { createMatches } from './functions/matches.ts';
import { createNumbers } from './functions/numbers.ts';
import { createTexts } from './functions/texts.ts';
import { createTimes } from './functions/times.ts';
import { createMeter, type Meter } from './meter.ts';

/** Functions with all their overloads, and what evaluates them. */
export interface Language {
  readonly env: CelEnv;
  readonly meter: Meter;
  /** The overloads of each function by name, operators included. */
  readonly functions: ReadonlyMap<string, readonly CelFunc[]>;
}

/** A macro of ours; the tree is rewritten where it stands. */
export const COALESCE = 'coalesce';

/** Names of types that an expression may compare with. */
export const TYPE_NAMES: ReadonlySet<string> = new Set([
  'bool',
  'bytes',
  'double',
  'int',
  'list',
  'map',
  'null_type',
  'string',
  'type',
  'uint',
  'google.protobuf.Duration',
  'google.protobuf.Timestamp',
]);

/** Ours first: they stand in place of the library's with the same arguments, and add to the others. */
function groupByName(own: readonly CelFunc[], library: readonly CelFunc[]): Map<string, CelFunc[]> {
  const groups = new Map<string, CelFunc[]>();
  for (const func of [...own, ...library]) {
    const group = groups.get(func.name) ?? [];
    if (!group.some(({ id }) => id === func.id)) group.push(func);
    groups.set(func.name, group);
  }
  return groups;
}

export function createLanguage(): Language {
  const meter = createMeter();
  const equals = createEquals(meter);
  const own = [
    ...createAccess(meter),
    ...createComparison(meter, equals),
    ...createArithmetic(meter),
    ...createConversions(),
    ...createTexts(meter),
    ...createFormat(meter),
    ...createMatches(meter, (pattern) => RE2JS.compile(pattern)),
    ...createNumbers(meter),
    ...createLists(meter, equals),
    ...createTimes(meter),
    ...createEncodings(meter),
  ];
  const functions = groupByName(own, [...celEnv().funcs, ...strings]);
  return { env: celEnv({ funcs: dispatchAll(functions, meter) }), meter, functions };
}
