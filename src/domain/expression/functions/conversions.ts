import { type CelFunc, celFunc, CelScalar, celUint } from '@bufbuild/cel';
import { Fault } from '../faults.ts';

const { BOOL, DOUBLE, INT, STRING, UINT } = CelScalar;

const WHOLE = /^[+-]?\d{1,40}$/;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const SPECIAL: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '+Infinity': Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};
const MAX_DIGITS = 400;
const TRUE: ReadonlySet<string> = new Set(['true', 'True', 'TRUE', 't', '1']);
const FALSE: ReadonlySet<string> = new Set(['false', 'False', 'FALSE', 'f', '0']);

const shown = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);

const invalid = (text: string, kind: string): Fault =>
  new Fault({ code: 'EXPRESSION_INVALID_VALUE', text: `${shown(text)} is not ${kind}` });

function readWhole(
  text: string,
  { min, max, kind }: { readonly min: bigint; readonly max: bigint; readonly kind: string },
): bigint {
  if (!WHOLE.test(text)) throw invalid(text, 'a whole number');
  const value = BigInt(text.replace(/^\+/, ''));
  if (value >= min && value <= max) return value;
  throw new Fault({ code: 'EXPRESSION_OVERFLOW', text: `${shown(text)} is beyond the range of ${kind}` });
}

function readNumber(text: string): number {
  const special = Object.hasOwn(SPECIAL, text) ? SPECIAL[text] : undefined;
  if (special !== undefined) return special;
  if (text.length > MAX_DIGITS || !NUMBER.test(text)) throw invalid(text, 'a number');
  return Number(text);
}

/** Text becomes a number only where all of it is one; the library also takes '', ' 5' and '0x10'. */
export const createConversions = (): readonly CelFunc[] => [
  celFunc('int', [STRING], INT, (text) => readWhole(text, { min: -(2n ** 63n), max: 2n ** 63n - 1n, kind: 'int' })),
  celFunc('uint', [STRING], UINT, (text) => celUint(readWhole(text, { min: 0n, max: 2n ** 64n - 1n, kind: 'uint' }))),
  celFunc('double', [STRING], DOUBLE, readNumber),
  celFunc('bool', [STRING], BOOL, (text) => {
    if (TRUE.has(text) || FALSE.has(text)) return TRUE.has(text);
    throw invalid(text, '"true" or "false"');
  }),
];
