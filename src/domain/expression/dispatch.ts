import { celError, type CelFunc, celFunc, celMethod, type CelResult, type CelValue, isCelError } from '@bufbuild/cel';
import { describeKind, describeValue } from './describe-value.ts';
import { Abort, Fault, readFault } from './faults.ts';
import type { Meter } from './meter.ts';

/** What a failure costs: two errors with their stacks. */
const FAULT_UNITS = 200;

const OPERATOR = /^(?:_(.{1,2})_|([!-])_|@(in))$/;

/** How people write a function: `+`, `size()`. */
export const writtenName = (name: string): string => {
  const operator = OPERATOR.exec(name);
  return operator?.[1] ?? operator?.[2] ?? operator?.[3] ?? `${name}()`;
};

const hintFor = (name: string, values: readonly CelValue[]): string | undefined => {
  const hasText = values.some((value) => typeof value === 'string');
  const hasOther = values.some((value) => typeof value !== 'string');
  if (name === '_+_' && hasText && hasOther) return 'write string(…) around the other value';
  if (values.includes(null)) return 'test it first: a != null, or write coalesce(a, other)';
  if (name.startsWith('_') && hasText && values.some((value) => typeof value === 'bigint' || typeof value === 'number')) {
    return 'write int(…) or double(…) around the text';
  }
  return undefined;
};

function mismatch(name: string, target: CelValue | undefined, args: readonly CelValue[]): Fault {
  const values = target === undefined ? args : [target, ...args];
  const [first, second] = values.map((value) => describeValue(value));
  const operator = OPERATOR.test(name);
  const used =
    operator && second !== undefined
      ? `between ${first ?? ''} and ${second}`
      : target === undefined
        ? `with ${values.length === 0 ? 'nothing' : values.map((value) => describeValue(value)).join(', ')}`
        : `on ${describeValue(target)}${args.length === 0 ? '' : ` with ${args.map((value) => describeValue(value)).join(', ')}`}`;
  const suggestion = hintFor(name, values);
  return new Fault({
    code: 'EXPRESSION_TYPE',
    text: `${writtenName(name)} cannot be used ${used}`,
    ...(suggestion === undefined ? {} : { suggestion }),
  });
}

/** What the library says of a failure, in our words. */
function rephrase(message: string, name: string, values: readonly CelValue[]): Fault {
  const shown = values.map((value) => describeValue(value)).join(`${OPERATOR.test(name) ? ` ${writtenName(name)}` : ','} `);
  if (/overflow|out of range/.test(message)) {
    const [value] = values;
    const isConversion = !OPERATOR.test(name) && value !== undefined;
    return new Fault({
      code: 'EXPRESSION_OVERFLOW',
      text: isConversion
        ? `${shown} does not fit into ${name}`
        : `${shown} leaves the range of ${value === undefined ? 'int' : describeKind(value).replace(/^an? /, '')}`,
    });
  }
  if (/divide by zero|modulus by zero/.test(message)) {
    return new Fault({
      code: 'EXPRESSION_INVALID_VALUE',
      text: `${shown}: a whole number cannot be divided by zero`,
      suggestion: 'test the divisor first: b != 0 ? a / b : 0',
    });
  }
  if (message.startsWith('error parsing regexp: ')) {
    return new Fault({
      code: 'EXPRESSION_INVALID_VALUE',
      text: `not a regular expression of RE2: ${message.slice('error parsing regexp: '.length)}`,
      suggestion: 'RE2 has no look-around and no back-references',
    });
  }
  const details = message.replace(/^(?:Unable to|Failed to|invalid argument to function \w+:) ?/, '');
  return new Fault({ code: 'EXPRESSION_INVALID_VALUE', text: `${writtenName(name)} cannot use ${shown}: ${details}` });
}

/** One function of all overloads of a name: it pays, finds the overload that fits, and words what goes wrong. */
function createCall(name: string, overloads: readonly CelFunc[], meter: Meter): CelFunc['call'] {
  const pay = (value: CelValue | undefined): void => {
    if (typeof value === 'string' || value instanceof Uint8Array) meter.chargeText(value.length);
  };
  return (id, target, args): CelResult => {
    pay(target);
    for (const arg of args) pay(arg);
    for (const overload of overloads) {
      const result = overload.call(id, target, args);
      if (result === undefined) continue;
      if (!isCelError(result)) return result;
      if (result.cause instanceof Abort) throw result.cause;
      meter.charge(FAULT_UNITS);
      if (readFault(result.message) !== undefined) return celError(result, id);
      return celError(rephrase(result.message, name, target === undefined ? args : [target, ...args]), id);
    }
    meter.charge(FAULT_UNITS);
    return celError(mismatch(name, target, args), id);
  };
}

/**
 * Functions that take the place of the library's: under the identity of each overload stands the one call of its name, so
 * that the library's own order of overloads never decides.
 */
export function dispatchAll(groups: ReadonlyMap<string, readonly CelFunc[]>, meter: Meter): CelFunc[] {
  return [...groups].flatMap(([name, overloads]) => {
    const call = createCall(name, overloads, meter);
    return overloads.map(({ target, arguments: args, result }) => {
      const unused = (): never => {
        throw new Error(`${name} is called through its dispatcher`);
      };
      const stand = target === undefined ? celFunc(name, args, result, unused) : celMethod(name, target, args, result, unused);
      return Object.assign(stand, { call });
    });
  });
}
