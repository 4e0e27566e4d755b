import type { Problem } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { type LowerContext, lowerExpression, lowerObject, lowerValue } from './lower.ts';
import { createReference } from './reference.ts';
import { taskProblem } from './refuse-task.ts';

/** A draft at run time: whatever somebody has written. */
export type Draft = Readonly<Record<string, unknown>>;

const self = { id: createReference<string>('step.id'), key: createReference<string>('step.key') };

/** What a callback may name inside of a step. */
const ITEM_SCOPE = { self, item: createReference('item'), index: createReference<number>('index') };

const callOrTake = (part: unknown, scope: object): unknown =>
  typeof part === 'function' ? (part as (scope: object) => unknown)(scope) : part;

/** `with` of a step, of what undoes it, or of a task of one action. */
export const lowerWith = (part: unknown, context: LowerContext, scope: object = {}): JsonObject => {
  const value = callOrTake(part, { ...ITEM_SCOPE, ...scope });
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return lowerObject(value, context);
  context.problems.push(taskProblem(context.at, 'must be an object', 'give the input of the action, such as { url: "…" }'));
  return {};
};

const lowerUndo = (undo: unknown, scope: object, context: LowerContext): JsonObject => {
  const { with: input, ...rest } = (callOrTake(undo, scope) ?? {}) as Draft;
  const at = [...context.at, 'with'];
  return {
    ...lowerObject(rest, context),
    ...(input === undefined ? {} : { with: lowerWith(input, { ...context, at }) }),
  };
};

/** One step as data, with the needs that its author named. */
export const lowerStep = (id: string, draft: Draft, index: number, problems: Problem[]): JsonObject => {
  const { with: input, when, forEach, needs, onFailure, ...rest } = draft;
  const inField = (name: string): LowerContext => ({ at: ['steps', index, name], problems });
  return {
    id,
    ...lowerObject(rest, { at: ['steps', index], problems }),
    ...(needs === undefined ? {} : { needs: lowerNeeds(needs, inField('needs')) }),
    ...(when === undefined ? {} : { when: lowerExpression(when, inField('when')) }),
    ...(forEach === undefined ? {} : { forEach: lowerExpression(forEach, inField('forEach')) }),
    ...(input === undefined ? {} : { with: lowerWith(input, inField('with')) }),
    ...(onFailure === undefined
      ? {}
      : { onFailure: lowerUndo(onFailure, { self, output: createReference(`steps.${id}.output`) }, inField('onFailure')) }),
  };
};

const lowerNeeds = (needs: unknown, context: LowerContext) => {
  if (!Array.isArray(needs)) return lowerValue(needs, context);
  return needs.map((need: unknown) =>
    typeof need === 'object' && need !== null && 'id' in need && typeof need.id === 'string'
      ? need.id
      : lowerValue(need, context),
  );
};
