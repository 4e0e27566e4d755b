import { ACTIONS, type ActionContract, type Json, type JsonObject, type Problem } from '@durabase/contracts';
import { compileTask } from '../../../../src/domain/plan/compile-task.ts';
import { createCatalog } from '../../../../src/domain/plan/create-catalog.ts';

/** Compiles with the built-in actions and the secrets SALES_KEY and TOKEN. */
export const compile = (definition: unknown) =>
  compileTask(definition, {
    actions: createCatalog(ACTIONS as readonly ActionContract[]),
    secrets: new Set(['SALES_KEY', 'TOKEN']),
  });

/** Everything that is wrong with a task; a task that compiles is an error. */
export const problemsOf = (definition: unknown): readonly Problem[] => {
  const compiled = compile(definition);
  if (compiled.ok) throw new Error(`this compiles: ${JSON.stringify(definition)}`);
  return compiled.problems;
};

/** The plan of a task; a task that does not compile is an error. */
export const planOf = (definition: unknown) => {
  const compiled = compile(definition);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return compiled.plan;
};

type More = Readonly<Record<string, Json>>;

/** A task of one step that calls a URL. */
export const httpTask = (input: More = {}, more: More = {}): JsonObject => ({
  slug: 'task',
  action: 'http',
  with: { url: 'https://example.com', ...input },
  ...more,
});

/** A step that waits a second. */
export const pause = (id: string, more: More = {}): JsonObject => ({
  id,
  action: 'sleep',
  with: { duration: '1 second' },
  ...more,
});

/** A step that calls a URL. */
export const call = (id: string, input: More = {}, more: More = {}): JsonObject => ({
  id,
  action: 'http',
  with: { url: 'https://example.com', ...input },
  ...more,
});

/** A task of several steps. */
export const stepsTask = (steps: readonly Json[], more: More = {}): JsonObject => ({ slug: 'task', steps, ...more });
