import {
  type ConcurrencyLimit,
  DOUBTFUL_HEARTBEAT_MS,
  isJsonObject,
  type JsonObject,
  parseDurationMs,
  type Plan,
  type PlanStep,
  type Problem,
  type RetryPolicy,
  type StepDefinition,
  type TaskDefinition,
  taskDefinition,
} from '@durabase/contracts';
import { collectReferences } from '../template/collect-references.ts';
import type { ActionCatalog, CatalogEntry } from './action-catalog.ts';
import { checkCredentials } from './check-credentials.ts';
import { checkExpression, checkTemplateTypes } from './check-expression.ts';
import { checkReferences, type ReferenceContext } from './check-references.ts';
import { orderSteps } from './order-steps.ts';
import { problem } from './problem.ts';
import { suggestName } from './suggest-name.ts';

/** A plan, or everything that is wrong with the task. */
export type Compiled = { readonly ok: true; readonly plan: Plan } | { readonly ok: false; readonly problems: readonly Problem[] };

/** What the compiler may know. */
export interface CompileContext {
  readonly actions: ActionCatalog;
  /** Names of the secrets of the workspace. */
  readonly secrets: ReadonlySet<string>;
}

const MAX_PROBLEMS = 50;
const DEFAULT_PARALLEL = 20;

const resolveRetry = (base: RetryPolicy, ...layers: readonly (TaskDefinition['retry'] | undefined)[]): RetryPolicy =>
  layers.reduce<RetryPolicy>(
    (policy, layer) => ({
      maxAttempts: layer?.maxAttempts ?? policy.maxAttempts,
      initialIntervalMs: parseDurationMs(layer?.initialInterval ?? '') ?? policy.initialIntervalMs,
      backoffCoefficient: layer?.backoffCoefficient ?? policy.backoffCoefficient,
      maxIntervalMs: parseDurationMs(layer?.maxInterval ?? '') ?? policy.maxIntervalMs,
    }),
    base,
  );

function planStep(step: StepDefinition, entry: CatalogEntry, task: TaskDefinition): PlanStep {
  const input = step.with ?? {};
  const effect = entry.effectOf(input);
  const startToCloseMs = parseDurationMs(step.timeout ?? '') ?? entry.timeouts.startToCloseMs;
  return {
    id: step.id,
    name: step.name ?? step.id,
    action: step.action,
    kind: entry.kind,
    needs: step.needs ?? [],
    with: input,
    effect,
    retry: resolveRetry(entry.retry, task.retry, step.retry),
    timeouts: {
      startToCloseMs,
      scheduleToCloseMs: Math.max(entry.timeouts.scheduleToCloseMs, startToCloseMs),
      heartbeatMs: effect === 'doubtful' ? DOUBTFUL_HEARTBEAT_MS : entry.timeouts.heartbeatMs,
    },
    ...(step.when === undefined ? {} : { when: step.when }),
    ...(step.forEach === undefined
      ? {}
      : { forEach: { items: step.forEach, maxParallel: step.maxParallel ?? DEFAULT_PARALLEL } }),
  };
}

/** The step and what undoes it. */
function planWithUndo(step: StepDefinition, task: TaskDefinition, actions: ActionCatalog): readonly PlanStep[] {
  const entry = actions.get(step.action);
  if (entry === undefined) return [];
  const planned = planStep(step, entry, task);
  const undoEntry = step.onFailure === undefined ? undefined : actions.get(step.onFailure.action);
  if (step.onFailure === undefined || undoEntry === undefined) return [planned];
  const { needs: _, ...onFailure } = planStep({ name: `undo ${planned.name}`, ...step.onFailure, id: step.id }, undoEntry, task);
  return [{ ...planned, onFailure }];
}

function checkStep(
  step: StepDefinition,
  index: number,
  context: CompileContext,
  references: ReferenceContext,
): readonly Problem[] {
  const at = ['steps', index, 'with'];
  const entry = context.actions.get(step.action);
  if (entry === undefined) {
    return [
      problem(['steps', index, 'action'], `there is no action "${step.action}"`, {
        hint: suggestName(step.action, [...context.actions.keys()]),
        code: 'UNKNOWN_ACTION',
      }),
    ];
  }
  const input = step.with ?? {};
  const templated = collectReferences(input).found.map((item) => item.at);
  const isTemplated = (path: readonly (string | number)[]) =>
    templated.some((place) => place.length <= path.length && place.every((part, position) => part === path[position]));
  return [
    ...entry.checkInput(input, isTemplated).map((item) => ({
      ...item,
      path: item.path === '' ? `steps[${index}].with` : `steps[${index}].with.${item.path}`.replace('.[', '['),
    })),
    ...checkReferences(input, { at, entry, context: references }),
    ...checkTemplateTypes(input, { at, context: references }),
    ...checkCredentials(input, at, entry),
    ...checkFlow(step, index, references),
    ...checkUndo(step, index, context, references),
  ];
}

/** Condition and loop of a step. */
function checkFlow(step: StepDefinition, index: number, references: ReferenceContext): readonly Problem[] {
  const at = (field: string) => ['steps', index, field];
  const outside = { ...references, isInLoop: false };
  return [
    ...(step.when === undefined ? [] : checkExpression(step.when, { at: at('when'), context: references, expects: 'boolean' })),
    ...(step.forEach === undefined
      ? []
      : checkExpression(step.forEach, { at: at('forEach'), context: outside, expects: 'array' })),
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
function checkUndo(
  step: StepDefinition,
  index: number,
  context: CompileContext,
  references: ReferenceContext,
): readonly Problem[] {
  const { onFailure } = step;
  if (onFailure === undefined) return [];
  const entry = context.actions.get(onFailure.action);
  const path = ['steps', index, 'onFailure'];
  if (entry !== undefined && entry.kind !== 'activity') {
    return [
      problem([...path, 'action'], `"${onFailure.action}" waits, and what undoes a step may not`, {
        hint: 'use an action that does its work at once, such as http',
      }),
    ];
  }
  const done = new Map([...references.done, [step.id, step.action]]);
  const undo: StepDefinition = { id: step.id, ...onFailure };
  return checkStep(undo, index, context, { ...references, done }).map((found) => ({
    ...found,
    path: found.path.replace(`steps[${index}]`, `steps[${index}].onFailure`),
  }));
}

function checkConcurrency(limit: ConcurrencyLimit | undefined, references: ReferenceContext): readonly Problem[] {
  if (limit === undefined) return [];
  return checkExpression(limit.key, { at: ['concurrency', 'key'], context: { ...references, done: new Map() } });
}

/** One step with the id `main` where the task is given by `action` and `with`. */
const stepsOf = (task: TaskDefinition): readonly StepDefinition[] =>
  task.steps ?? [{ id: 'main', action: task.action ?? '', ...(task.with === undefined ? {} : { with: task.with }) }];

function checkTask(
  task: TaskDefinition,
  context: CompileContext,
): { readonly problems: readonly Problem[]; readonly ordered: readonly StepDefinition[] } {
  const steps = stepsOf(task);
  const { order, problems } = orderSteps(steps);
  const actionOf = new Map(steps.map((step) => [step.id, step.action]));
  const shared = { inputSchema: task.input, allSteps: steps.map((step) => step.id), actions: context.actions };
  const doneBefore = (ids: Iterable<string>) => new Map([...ids].map((id) => [id, actionOf.get(id) ?? '']));
  const nowhere = { ...shared, done: doneBefore(order.before.keys()), secrets: undefined, isInStep: false };
  const found = steps.flatMap((step, index) =>
    checkStep(step, index, context, {
      ...shared,
      done: doneBefore(order.before.get(step.id) ?? []),
      secrets: context.secrets,
      isInStep: true,
      isInLoop: step.forEach !== undefined,
    }),
  );
  return {
    ordered: order.ordered,
    problems: [
      ...problems,
      ...(task.action === undefined ? found : found.map((item) => ({ ...item, path: item.path.replace(/^steps\[0\]\.?/, '') }))),
      ...(task.output === undefined
        ? []
        : [
            ...checkReferences(task.output, { at: ['output'], context: nowhere }),
            ...checkTemplateTypes(task.output, { at: ['output'], context: nowhere }),
          ]),
      ...checkConcurrency(task.concurrency, nowhere),
    ],
  };
}

function buildPlan(task: TaskDefinition, ordered: readonly StepDefinition[], actions: ActionCatalog): Plan {
  const deadlineMs = parseDurationMs(task.deadline ?? '');
  const timeoutMs = parseDurationMs(task.timeout ?? '');
  const ttlMs = parseDurationMs(task.ttl ?? '');
  return {
    format: 1,
    steps: ordered.flatMap((step) => planWithUndo(step, task, actions)),
    mode: task.mode ?? 'async',
    priority: task.priority ?? 3,
    ...(task.output === undefined ? {} : { output: task.output }),
    ...(task.input === undefined ? {} : { inputSchema: task.input as JsonObject }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(ttlMs === undefined ? {} : { ttlMs }),
    ...(task.concurrency === undefined ? {} : { concurrency: task.concurrency }),
  };
}

/** Checks a task as far as it can be checked without running it, and resolves every policy. Pure. */
export function compileTask(definition: unknown, context: CompileContext): Compiled {
  if (!isJsonObject(definition)) return { ok: false, problems: [problem([], 'a task is a JSON object')] };
  const parsed = taskDefinition.safeParse(definition);
  if (!parsed.success) {
    return { ok: false, problems: parsed.error.issues.slice(0, MAX_PROBLEMS).map((issue) => problem(issue.path, issue.message)) };
  }
  const { problems, ordered } = checkTask(parsed.data, context);
  if (problems.length > 0) return { ok: false, problems: problems.slice(0, MAX_PROBLEMS) };
  return { ok: true, plan: buildPlan(parsed.data, ordered, context.actions) };
}
