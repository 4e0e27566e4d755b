import { createReference } from './reference.ts';
import { refuseTask, taskProblem } from './refuse-task.ts';
import type { AnyStep } from './task-draft.ts';

const STEP = Symbol.for('durabase.step');

/** A step that can be referred to. In a text it is a mistake: its output is meant. */
export const createStepHandle = (id: string): AnyStep =>
  Object.defineProperties(
    { id, output: createReference(`steps.${id}.output`) },
    {
      [STEP]: { value: true },
      [Symbol.toPrimitive]: {
        value: () =>
          refuseTask(undefined, [taskProblem(['steps', id], 'a step cannot stand in a text', `name its output: ${id}.output`)]),
      },
    },
  );

/** Whether something is a step itself, not what it gives. */
export const isStepHandle = (value: object): value is AnyStep => Reflect.get(value, STEP) === true;
