import type { Problem } from '../errors.ts';
import type { Json, JsonObject } from '../json.ts';
import { taskDefinition } from '../task-definition.ts';
import { createDefinedTask, type DefinedTask } from './defined-task.ts';
import { stepsInTemplates } from './follow-references.ts';
import { linkSteps } from './link-steps.ts';
import { lowerExpression, lowerObject, lowerValue } from './lower.ts';
import { lowerSchema } from './lower-schema.ts';
import { type Draft, lowerStep, lowerWith } from './lower-step.ts';
import { createReference, readPart } from './reference.ts';
import { refuseTask, taskProblem } from './refuse-task.ts';
import type { InputOf, InputSchema } from './schema-types.ts';
import { createStepHandle } from './step-handle.ts';
import type { ActionTask, ActionWord, AnyStep, CallbackTask, ListedTask } from './task-draft.ts';
import type { Resolved, TemplatedJson } from './templated.ts';

/** What a run gives: what `output` says, else nobody knows. */
export type OutputOf<Output> = [Output] extends [undefined] ? Json : Resolved<Output>;

const RUN_SCOPE = {
  input: createReference('input'),
  run: { id: createReference('run.id') },
  workspace: { id: createReference('workspace.id') },
  task: { slug: createReference('task.slug') },
  secret: (name: string) => createReference<string>(readPart('secrets', name)),
};

interface Built {
  readonly steps: readonly JsonObject[] | undefined;
  /** What `output` can name. */
  readonly handles: Readonly<Record<string, AnyStep>>;
}

const buildSteps = (steps: unknown, problems: Problem[]): Built => {
  if (typeof steps === 'function') {
    const made: JsonObject[] = [];
    const step = (id: string, draft: Draft): AnyStep => {
      made.push(lowerStep(id, draft, made.length, problems));
      return createStepHandle(id);
    };
    const handles = (steps as (scope: object) => unknown)({ ...RUN_SCOPE, step });
    return { steps: made, handles: (handles ?? {}) as Built['handles'] };
  }
  if (typeof steps !== 'object' || steps === null || Array.isArray(steps)) {
    problems.push(
      taskProblem(
        ['steps'],
        'must be a callback, or an object of steps by their ids',
        'write steps: { fetch: { action: "http", … } }',
      ),
    );
    return { steps: [], handles: {} };
  }
  const listed = Object.entries(steps as Readonly<Record<string, Draft>>);
  return {
    steps: listed.map(([id, draft], index) => lowerStep(id, draft, index, problems)),
    handles: Object.fromEntries(listed.map(([id]) => [id, createStepHandle(id)])),
  };
};

const lowerConcurrency = (concurrency: unknown, problems: Problem[]): JsonObject => {
  const { key, ...rest } = (
    typeof concurrency === 'function' ? (concurrency as (scope: object) => unknown)(RUN_SCOPE) : concurrency
  ) as Draft;
  const at = ['concurrency'];
  return { key: lowerExpression(key, { at: [...at, 'key'], problems }), ...lowerObject(rest, { at, problems }) };
};

const lowerOutput = (output: unknown, { handles, steps }: Built, problems: Problem[]): Json => {
  const value = typeof output === 'function' ? (output as (scope: object) => unknown)({ ...RUN_SCOPE, steps: handles }) : output;
  const lowered = lowerValue(value, { at: ['output'], problems });
  const ids = steps?.map(({ id }) => (typeof id === 'string' ? id : '')) ?? ['main'];
  for (const id of new Set(stepsInTemplates(lowered)))
    if (!ids.includes(id))
      problems.push(taskProblem(['output'], `there is no step ${JSON.stringify(id)}`, `steps are: ${ids.join(', ')}`));
  return lowered;
};

/** The draft as plain data. */
const lowerTask = (draft: Draft, problems: Problem[]): JsonObject => {
  const { input, steps, output, concurrency, with: actionInput, ...rest } = draft;
  const built: Built =
    steps === undefined ? { steps: undefined, handles: { main: createStepHandle('main') } } : buildSteps(steps, problems);
  return {
    ...lowerObject(rest, { at: [], problems }),
    ...(input === undefined ? {} : { input: lowerSchema(input, { at: ['input'], problems }) }),
    ...(built.steps === undefined ? {} : { steps: linkSteps(built.steps, problems) }),
    ...(actionInput === undefined ? {} : { with: lowerWith(actionInput, { at: ['with'], problems }, RUN_SCOPE) }),
    ...(output === undefined ? {} : { output: lowerOutput(output, built, problems) }),
    ...(concurrency === undefined ? {} : { concurrency: lowerConcurrency(concurrency, problems) }),
  };
};

/**
 * A task written in TypeScript: the same plain definition as in docs/tasks.md, with checked references and the types of
 * input and output. What only the installation knows (its actions, secrets) is checked when the task is saved.
 * Throws INVALID_TASK with path and cure.
 *
 * @example
 * export const dailyReport = defineTask({
 *   slug: 'daily-report',
 *   input: z.object({ day: z.iso.date() }),
 *   steps: ({ input, step }) => {
 *     const fetch = step('fetch', { action: 'http', with: { url: text`https://api.example.com/sales?day=${input.day}` } });
 *     return { fetch };
 *   },
 *   output: ({ steps }) => ({ status: steps.fetch.output.status }),
 * });
 */
export function defineTask<
  const Schema extends InputSchema | undefined = undefined,
  Steps = unknown,
  const Output extends TemplatedJson | undefined = undefined,
>(draft: CallbackTask<Schema, Steps, Output>): DefinedTask<InputOf<Schema>, OutputOf<Output>>;
export function defineTask<
  const Action extends ActionWord,
  const Schema extends InputSchema | undefined = undefined,
  const Output extends TemplatedJson | undefined = undefined,
>(draft: ActionTask<Schema, Action, Output>): DefinedTask<InputOf<Schema>, OutputOf<Output>>;
export function defineTask<
  const Schema extends InputSchema | undefined = undefined,
  const Steps = unknown,
  const Output extends TemplatedJson | undefined = undefined,
>(draft: ListedTask<Schema, Steps, Output>): DefinedTask<InputOf<Schema>, OutputOf<Output>>;
export function defineTask(draft: object): object {
  const problems: Problem[] = [];
  const lowered = lowerTask(draft as Draft, problems);
  if (problems.length > 0) refuseTask(lowered['slug'], problems);
  const parsed = taskDefinition.safeParse(lowered);
  if (!parsed.success) {
    const found = parsed.error.issues.map(({ path, message }) =>
      taskProblem(path, message, 'the fields are described in docs/tasks.md'),
    );
    return refuseTask(lowered['slug'], found);
  }
  return createDefinedTask(parsed.data);
}
