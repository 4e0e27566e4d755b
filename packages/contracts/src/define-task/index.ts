export type { ActionInput, ActionName, ActionOutput } from './action-types.ts';
export { type DefinedTask, isDefinedTask, type TaskInput, type TaskOutput } from './defined-task.ts';
export { defineTask } from './define-task.ts';
export { cel, type JsonRef, type Ref, shape, text, type Value } from './reference.ts';
export type { FromSchema, InputSchema, LibrarySchema } from './schema-types.ts';
export type { Expression, StepHandle } from './task-draft.ts';
export type { Templated } from './templated.ts';
