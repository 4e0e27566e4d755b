import type { Json, Problem, StepDefinition } from '@durabase/contracts';
import { collectReferences } from '../template/collect-references.ts';
import type { ActionCatalog } from './action-catalog.ts';
import { checkCredentials } from './check-credentials.ts';
import { checkExpression, checkTemplateTypes } from './check-expression.ts';
import { checkReferences, type ReferenceContext } from './check-references.ts';
import { describeUntaken } from './find-untaken.ts';
import { problem } from './problem.ts';
import { suggestName } from './suggest-name.ts';

/** A step and where it stands. */
export interface CheckedStep {
  readonly step: StepDefinition;
  readonly index: number;
  /** All steps of the task. */
  readonly steps: readonly StepDefinition[];
  readonly actions: ActionCatalog;
  readonly references: ReferenceContext;
}

/** Condition of a step: one that is always false makes it unreachable. */
function checkWhen({ step, index, steps, references }: CheckedStep): readonly Problem[] {
  if (step.when === undefined) return [];
  return checkExpression(step.when, {
    at: ['steps', index, 'when'],
    context: references,
    expects: 'boolean',
    cure: 'compare it, such as input.name == "x"',
    judge: (value) => (value === false ? describeUntaken('the condition is always false', step, steps) : undefined),
  });
}

function checkForEach({ step, index, steps, references }: CheckedStep): readonly Problem[] {
  if (step.forEach === undefined) return [];
  return checkExpression(step.forEach, {
    at: ['steps', index, 'forEach'],
    context: { ...references, isInLoop: false },
    expects: 'array',
    cure: 'give a list, such as input.items or steps.fetch.output.body.items',
    judge: (value) =>
      Array.isArray(value) && value.length === 0 ? describeUntaken('the list is always empty', step, steps) : undefined,
  });
}

/** Fields that go together, or do not. */
function checkFields({ step, index }: CheckedStep): readonly Problem[] {
  const at = (field: string) => ['steps', index, field];
  return [
    ...(step.maxParallel !== undefined && step.forEach === undefined
      ? [problem(at('maxParallel'), '"maxParallel" goes with "forEach"', { hint: 'add "forEach", or leave it out' })]
      : []),
    ...(step.onFailure !== undefined && step.forEach !== undefined
      ? [
          problem(at('onFailure'), 'a step that is taken for each item cannot be undone as a whole', {
            hint: 'put the step and its onFailure into a task of its own, and start that for each item with run-task',
          }),
        ]
      : []),
  ];
}

/** What undoes a step may read the step's own output as well. */
function checkUndo(checked: CheckedStep): readonly Problem[] {
  const { step, index, actions, references } = checked;
  const { onFailure } = step;
  if (onFailure === undefined) return [];
  const entry = actions.get(onFailure.action);
  const path = ['steps', index, 'onFailure'];
  if (entry !== undefined && entry.kind !== 'activity') {
    return [
      problem([...path, 'action'], `"${onFailure.action}" waits, and what undoes a step may not`, {
        hint: 'use an action that does its work at once, such as http',
      }),
    ];
  }
  const done = new Map([...references.done, [step.id, step]]);
  const undo: StepDefinition = { id: step.id, ...onFailure };
  return checkStep({ ...checked, step: undo, references: { ...references, done } }).map((found) => ({
    ...found,
    path: found.path.replace(`steps[${index}]`, `steps[${index}].onFailure`),
  }));
}

/** Types are looked at only where what is referred to is there. */
export function checkTemplates(value: Json, checking: Parameters<typeof checkReferences>[1]): readonly Problem[] {
  const found = checkReferences(value, checking);
  const paths = new Set(found.map(({ path }) => path));
  const types = checkTemplateTypes(value, { ...checking, schema: checking.entry?.inputSchema });
  return [...found, ...types.filter(({ path }) => !paths.has(path))];
}

/** Everything that is wrong with a step by itself. */
export function checkStep(checked: CheckedStep): readonly Problem[] {
  const { step, index, actions, references } = checked;
  const at = ['steps', index, 'with'];
  const entry = actions.get(step.action);
  if (entry === undefined) {
    return [
      problem(['steps', index, 'action'], `there is no action "${step.action}"`, {
        hint: suggestName(step.action, [...actions.keys()]),
        code: 'UNKNOWN_ACTION',
      }),
    ];
  }
  const input = step.with ?? {};
  const templated = collectReferences(input).templated;
  const isTemplated = (path: readonly (string | number)[]) =>
    templated.some((place) => place.length <= path.length && place.every((part, position) => part === path[position]));
  return [
    ...entry.checkInput(input, isTemplated).map((item) => ({
      ...item,
      path: item.path === '' ? `steps[${index}].with` : `steps[${index}].with.${item.path}`.replace('.[', '['),
    })),
    ...checkTemplates(input, { at, entry, context: references }),
    ...checkCredentials(input, at, entry),
    ...checkWhen(checked),
    ...checkForEach(checked),
    ...checkCredentials({ when: step.when ?? '', forEach: step.forEach ?? '' }, ['steps', index]),
    ...checkFields(checked),
    ...checkUndo(checked),
  ];
}
