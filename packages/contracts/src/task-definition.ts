import { z } from 'zod';
import { parseDurationMs } from './duration.ts';
import { duration, json, jsonObject, slug } from './schemas.ts';

/** Words that stand in place of a slug in paths of the API. */
const RESERVED_SLUGS: ReadonlySet<string> = new Set(['validate']);

/** Names that no expression can read behind a dot: words of its language, and names that reach a prototype. */
const UNREADABLE_IDS: ReadonlySet<string> = new Set(['in', 'true', 'false', 'null', 'constructor', 'prototype', '__proto__']);

/** Name of a step: a letter, then letters, digits or `_`; it stands in `steps.<id>.output`. */
export const stepId = () =>
  z
    .string()
    .refine((id) => !UNREADABLE_IDS.has(id), {
      error: ({ input }) =>
        `is a name that no expression can read; choose another, such as "${String(input).replaceAll('_', '')}_step"`,
      abort: true,
    })
    .regex(/^[A-Za-z][A-Za-z0-9_]{0,62}$/, { error: 'must be a letter followed by at most 62 letters, digits or "_"' });

/** Retry policy as an author writes it; what is left out comes from the action. */
export const retryDefinition = z.strictObject({
  maxAttempts: z.int().min(1).max(100).optional(),
  initialInterval: duration().optional(),
  backoffCoefficient: z.number().min(1).max(10).optional(),
  maxInterval: duration().optional(),
});

/** A duration that is not over before it begins. */
const bound = () =>
  duration().refine((text) => parseDurationMs(text) !== 0, {
    error: 'leaves no time at all; write for example "30 seconds", or leave it out for no bound',
  });

const expression = () => z.string().min(1).max(4_096);

/** What undoes a step, as an author writes it. */
export const undoDefinition = z.strictObject({
  name: z.string().min(1).max(120).optional(),
  action: z.string().min(1).max(63).describe('Name of an action, such as "http".'),
  with: jsonObject().optional(),
  retry: retryDefinition.optional(),
  timeout: bound().optional(),
});

/** One step as an author writes it. */
export const stepDefinition = z.strictObject({
  id: stepId(),
  name: z.string().min(1).max(120).optional(),
  action: z.string().min(1).max(63).describe('Name of an action, such as "http".'),
  needs: z.array(stepId()).max(200).optional(),
  with: jsonObject().optional(),
  retry: retryDefinition.optional(),
  timeout: bound().optional().describe('Bound of one attempt.'),
  when: expression().optional().describe('The step is skipped where this expression is false.'),
  forEach: expression().optional().describe('Expression that gives a list: the step is taken once for each item.'),
  maxParallel: z.int().min(1).max(500).optional().describe('Iterations under way at a time.'),
  onFailure: undoDefinition.optional().describe('Undoes the step when the run ends badly after it.'),
});

/**
 * A task as an author writes it: data, kept as a version, compiled into a plan.
 * Either `steps`, or `action` + `with` for a task of one step (its id is then `main`).
 */
export const taskDefinition = z
  .strictObject({
    slug: slug().refine((name) => !RESERVED_SLUGS.has(name), { error: 'is a word of the API; choose another name' }),
    name: z.string().min(1).max(200).optional(),
    description: z.string().max(4_000).optional(),
    type: z.string().min(1).max(63).optional(),
    tags: z.array(z.string().min(1).max(63)).max(50).optional(),
    input: jsonObject().optional().describe('JSON Schema of the input.'),
    steps: z.array(stepDefinition).min(1).max(200).optional(),
    action: z.string().min(1).max(63).optional(),
    with: jsonObject().optional(),
    output: json().optional(),
    mode: z.enum(['async', 'sync']).optional(),
    retry: retryDefinition.optional(),
    deadline: bound().optional().describe('Bound of the whole run by the clock, waits included.'),
    timeout: bound().optional().describe('Bound of the time in which steps are executing, waits left out.'),
    ttl: bound().optional(),
    priority: z.int().min(1).max(5).optional(),
    concurrency: z.strictObject({ key: z.string().min(1).max(1_000), limit: z.int().min(1).max(10_000) }).optional(),
  })
  .refine((task) => (task.steps === undefined) !== (task.action === undefined), {
    error: ({ input }) =>
      (input as { readonly action?: unknown }).action === undefined
        ? 'neither "steps" nor "action" is there; give "steps", or "action" with "with"'
        : '"steps" and "action" cannot stand beside each other; keep one of them',
    path: ['steps'],
  })
  .refine((task) => task.with === undefined || task.action !== undefined, {
    error: '"with" at the top goes with "action"; put it into the step that it is for',
    path: ['with'],
  });

/** A task as an author writes it. */
export type TaskDefinition = z.infer<typeof taskDefinition>;
/** A step as an author writes it. */
export type StepDefinition = z.infer<typeof stepDefinition>;
