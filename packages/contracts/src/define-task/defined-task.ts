import type { Json } from '../json.ts';
import type { TaskDefinition } from '../task-definition.ts';

const MARK = Symbol.for('durabase.task');

declare const TYPES: unique symbol;

/** A task that was written in TypeScript: its definition as data, and the types of its input and output. */
export interface DefinedTask<Input = Json, Output = Json> {
  readonly slug: string;
  /** What is saved: a plain definition, as in docs/tasks.md. */
  readonly definition: TaskDefinition;
  /** Types only; never there when a program runs. */
  readonly [TYPES]?: { readonly input: Input; readonly output: Output };
}

/** Input of the runs of a defined task. */
export type TaskInput<Task> = Task extends DefinedTask<infer Input, unknown> ? Input : never;
/** Output of the runs of a defined task. */
export type TaskOutput<Task> = Task extends DefinedTask<unknown, infer Output> ? Output : never;

export const createDefinedTask = <Input, Output>(definition: TaskDefinition): DefinedTask<Input, Output> =>
  Object.freeze({ slug: definition.slug, definition, [MARK]: true });

/** Whether something is a task of `defineTask`; holds across copies of the package. */
export const isDefinedTask = (value: unknown): value is DefinedTask =>
  typeof value === 'object' && value !== null && Reflect.get(value, MARK) === true;
