import type { Json, JsonObject } from '../json.ts';
import type { Problem } from '../errors.ts';
import { expressionOf } from './reference.ts';
import { taskProblem } from './refuse-task.ts';
import { isStepHandle } from './step-handle.ts';

type Path = readonly (string | number)[];

/** Where what is lowered stands, and where problems with it are gathered. */
export interface LowerContext {
  readonly at: Path;
  readonly problems: Problem[];
}

const describeKind = (value: unknown): string => {
  if (typeof value === 'number') return `the number ${value}`;
  if (typeof value !== 'object' || value === null) return `a value of type ${typeof value}`;
  const { constructor } = Object(value) as { readonly constructor?: { readonly name?: string } };
  return `an object of class ${constructor?.name ?? 'unknown'}`;
};

const isPlainObject = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
};

const MAX_DEPTH = 64;

/** A value in which every reference has become its template. What JSON cannot hold is a problem. */
export const lowerValue = (value: unknown, { at, problems }: LowerContext): Json => {
  const refuse = (message: string, hint: string): null => {
    problems.push(taskProblem(at, message, hint));
    return null;
  };
  if (at.length > MAX_DEPTH) return refuse('the value is nested too deeply', 'does it contain itself?');
  const expression = expressionOf(value);
  if (expression !== undefined) return `{{ ${expression} }}`;
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((item, index) => lowerValue(item, { at: [...at, index], problems }));
  if (typeof value === 'object' && isPlainObject(value)) {
    if (isStepHandle(value)) return refuse('a step cannot stand in a value', 'name its output: step.output');
    return lowerObject(value, { at, problems });
  }
  return refuse(
    `${describeKind(value)} cannot stand here`,
    'a task is JSON: text, numbers, true, false, null, lists and objects',
  );
};

/** Names whose value is undefined are left out, as JSON does. */
export const lowerObject = (value: object, { at, problems }: LowerContext): JsonObject =>
  Object.fromEntries(
    Object.entries(value)
      .filter(([, part]) => part !== undefined)
      .map(([name, part]) => [name, lowerValue(part, { at: [...at, name], problems })]),
  );

const TEMPLATE = /\{\{\s*(?:input|steps|item|index|run|workspace|task|step|secrets)\b/;

/** An expression as its text, without braces. */
export const lowerExpression = (value: unknown, { at, problems }: LowerContext): string => {
  const expression = expressionOf(value) ?? (typeof value === 'string' ? value : undefined);
  if (expression === undefined) {
    problems.push(taskProblem(at, `${describeKind(value)} is no expression`, 'give a reference, cel`…`, or text'));
    return '';
  }
  if (TEMPLATE.test(expression) && expressionOf(value) === undefined)
    problems.push(
      taskProblem(at, 'an expression stands without braces here', 'write cel`${input.name} == 1` in place of a plain template'),
    );
  return expression;
};
