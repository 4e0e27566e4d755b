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
import { readExpression } from '../template/read-expression.ts';
import type { ActionCatalog, CatalogEntry } from './action-catalog.ts';
import { createConstantCheck } from './check-constant.ts';
import { checkCredentials } from './check-credentials.ts';
import { checkExpression } from './check-expression.ts';
import type { ReferenceContext } from './check-references.ts';
import { checkStep, checkTemplates } from './check-step.ts';
import { explainIssue, flattenIssue, schemaOf } from './explain-issue.ts';
import { orderSteps } from './order-steps.ts';
import { problem } from './problem.ts';

/** A plan, or everything that is wrong with the task. */
export type Compiled = { readonly ok: true; readonly plan: Plan } | { readonly ok: false; readonly problems: readonly Problem[] };

/** What the compiler may know. */
export interface CompileContext {
  readonly actions: ActionCatalog;
  /** Names of the secrets of the workspace. */
  readonly secrets: ReadonlySet<string>;
}

const DEFINITION_SCHEMA = schemaOf(taskDefinition);
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

/** A key counts within its task, and no step is done when it is computed. */
function checkConcurrency(limit: ConcurrencyLimit | undefined, references: ReferenceContext): readonly Problem[] {
  if (limit === undefined) return [];
  const at = ['concurrency', 'key'];
  const found = checkExpression(limit.key, { at, context: { ...references, done: new Map() } });
  if (found.length > 0) return found;
  const isOfTask = readExpression(limit.key).references.some(([root]) => root === 'task');
  return isOfTask
    ? [problem(at, `"${limit.key.slice(0, 100)}": a key counts within its task already`, { hint: 'leave task.slug out' })]
    : [];
}

/** One step with the id `main` where the task is given by `action` and `with`. */
const stepsOf = (task: TaskDefinition): readonly StepDefinition[] =>
  task.steps ?? [{ id: 'main', action: task.action ?? '', ...(task.with === undefined ? {} : { with: task.with }) }];

function checkTask(
  task: TaskDefinition,
  { actions, secrets }: CompileContext,
): { readonly problems: readonly Problem[]; readonly ordered: readonly StepDefinition[] } {
  const steps = stepsOf(task);
  const { order, problems } = orderSteps(steps);
  const stepOf = new Map(steps.map((step) => [step.id, step]));
  const doneBefore = (ids: Iterable<string>) =>
    new Map([...ids].flatMap((id) => [stepOf.get(id) ?? []].flat().map((step) => [id, step] as const)));
  const shared = {
    inputSchema: task.input,
    allSteps: steps.map(({ id }) => id),
    actions,
    constants: createConstantCheck(),
    isOrdered: problems.length === 0,
  };
  const nowhere = { ...shared, done: doneBefore(order.before.keys()), secrets: undefined, isInStep: false };
  const found = steps.flatMap((step, index) => {
    const done = doneBefore(order.before.get(step.id) ?? []);
    const references = { ...shared, done, secrets, isInStep: true, isInLoop: step.forEach !== undefined };
    return checkStep({ step, index, steps, actions, references });
  });
  return {
    ordered: order.ordered,
    problems: [
      ...problems,
      ...(task.action === undefined ? found : found.map((item) => ({ ...item, path: item.path.replace(/^steps\[0\]\.?/, '') }))),
      ...(task.output === undefined ? [] : checkTemplates(task.output, { at: ['output'], context: nowhere })),
      ...checkCredentials({ output: task.output ?? null, concurrency: { key: task.concurrency?.key ?? '' } }, []),
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
  if (!isJsonObject(definition))
    return { ok: false, problems: [problem([], 'a task is a JSON object', { hint: 'give {"slug": …, "steps": […]}' })] };
  const parsed = taskDefinition.safeParse(definition);
  if (!parsed.success) {
    const facts = { value: definition, schema: DEFINITION_SCHEMA };
    const problems = parsed.error.issues.flatMap(flattenIssue).flatMap((issue) => explainIssue(issue, facts));
    return { ok: false, problems: problems.slice(0, MAX_PROBLEMS) };
  }
  const { problems, ordered } = checkTask(parsed.data, context);
  if (problems.length > 0) return { ok: false, problems: problems.slice(0, MAX_PROBLEMS) };
  return { ok: true, plan: buildPlan(parsed.data, ordered, context.actions) };
}
