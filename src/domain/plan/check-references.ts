import type { Json, JsonObject, Problem, StepDefinition } from '@durabase/contracts';
import { isJsonObject } from '@durabase/contracts';
import { collectReferences, type FoundReference } from '../template/collect-references.ts';
import type { ActionCatalog, CatalogEntry } from './action-catalog.ts';
import type { ConstantCheck } from './check-constant.ts';
import { problem } from './problem.ts';
import { suggestName } from './suggest-name.ts';

/** What references of a task may point to. */
export interface ReferenceContext {
  readonly inputSchema: JsonObject | undefined;
  /** Steps that are surely done. */
  readonly done: ReadonlyMap<string, StepDefinition>;
  /** Whether the needs of the steps are in order; otherwise nothing is known of what is done before what. */
  readonly isOrdered: boolean;
  /** All steps, to tell "not yet" from "no such". */
  readonly allSteps: readonly string[];
  readonly actions: ActionCatalog;
  /** Names of the secrets; `undefined` where secrets may not stand at all. */
  readonly secrets: ReadonlySet<string> | undefined;
  /** Whether the place belongs to a step, which knows its own id and key. */
  readonly isInStep: boolean;
  /** Whether the step is taken once for each item of a list. */
  readonly isInLoop?: boolean;
  /** What expressions that read nothing always give. */
  readonly constants: ConstantCheck;
}

const ROOTS: Readonly<Record<string, readonly string[] | undefined>> = {
  input: undefined,
  steps: undefined,
  run: ['id'],
  step: ['id', 'key'],
  workspace: ['id'],
  task: ['slug'],
  secrets: undefined,
};

/** Keywords by which a schema may declare properties elsewhere than under "properties". */
const ELSEWHERE = ['patternProperties', '$ref', 'allOf', 'anyOf', 'oneOf', 'if', 'dependentSchemas'];

const checkInputName = (
  name: string | number | undefined,
  schema: JsonObject | undefined,
): readonly [string, string] | undefined => {
  const properties = schema?.['properties'];
  if (typeof name !== 'string' || !isJsonObject(properties) || Object.hasOwn(properties, name)) return undefined;
  const more = schema?.['additionalProperties'];
  if ((more !== undefined && more !== false) || ELSEWHERE.some((keyword) => schema?.[keyword] !== undefined)) return undefined;
  return [`the input schema declares no "${name}"`, suggestName(name, Object.keys(properties))];
};

const checkStepName = (
  [, id, field, name]: readonly (string | number)[],
  context: ReferenceContext,
): readonly [string, string] | undefined => {
  if (id === undefined) return ['{{ steps }} cannot be read', 'write steps.<id>.output'];
  const step = typeof id === 'string' ? context.done.get(id) : undefined;
  if (step === undefined) {
    if (!context.isOrdered && context.allSteps.includes(String(id))) return undefined; // told by the needs
    return context.allSteps.includes(String(id))
      ? [
          `the step "${String(id)}" is not surely done before this place`,
          context.isInStep ? `add "${String(id)}" to "needs"` : 'read the input instead',
        ]
      : [`there is no step "${String(id)}"`, suggestName(String(id), context.allSteps)];
  }
  if (field !== 'output') {
    const what = field === undefined ? `steps.${step.id}` : `steps.${step.id}.${field}`;
    return [`${what}: only "output" can be read of a step`, `write steps.${step.id}.output`];
  }
  if (typeof name !== 'string') return undefined;
  if (step.forEach !== undefined) {
    return [
      `the output of "${step.id}" is a list, one item for each iteration, and has no "${name}"`,
      `write steps.${step.id}.output[0].${name}, or steps.${step.id}.output.map(x, x.${name})`,
    ];
  }
  // What stands in for an event that did not come may have any form.
  const names = step.with?.['onTimeout'] === undefined ? context.actions.get(step.action)?.outputNames : undefined;
  if (names !== undefined && !names.includes(name)) {
    return [`the output of "${step.action}" has no "${name}"`, suggestName(name, names)];
  }
  return undefined;
};

/** What is wrong with where a reference points, and the cure. */
function checkTarget(
  { reference }: Pick<FoundReference, 'reference'>,
  context: ReferenceContext,
): readonly [string, string] | undefined {
  const [root, name] = reference.path;
  if (root === 'item' || root === 'index') {
    return context.isInLoop === true
      ? undefined
      : [`{{ ${reference.text} }} cannot be read`, `only a step with "forEach" has "${root}", and not in "forEach" itself`];
  }
  if (typeof root !== 'string' || !Object.hasOwn(ROOTS, root)) {
    return [`{{ ${reference.text} }}: there is no "${String(root)}"`, suggestName(String(root), Object.keys(ROOTS))];
  }
  if (root === 'input') return checkInputName(name, context.inputSchema);
  if (root === 'steps') return checkStepName(reference.path, context);
  if (root === 'secrets') {
    if (context.secrets === undefined || typeof name !== 'string' || reference.path.length !== 2) return undefined; // placement is told apart
    return context.secrets.has(name) ? undefined : [`there is no secret "${name}"`, suggestName(name, [...context.secrets])];
  }
  if (root === 'step' && !context.isInStep)
    return [`{{ ${reference.text} }} cannot be read`, 'only inside of a step there is "step"'];
  const names = ROOTS[root] ?? [];
  return typeof name === 'string' && reference.path.length === 2 && names.includes(name)
    ? undefined
    : [`{{ ${reference.text} }} cannot be read`, `of "${root}" there is ${names.join(', ')}`];
}

/** Whether a place is one of the secret fields of an action: `headers.*` fits `headers.authorization`. */
export const isSecretField = (at: readonly (string | number)[], entry: Pick<CatalogEntry, 'secretFields'>): boolean =>
  entry.secretFields.some((field) => {
    const parts = field.split('.');
    return parts.length === at.length && parts.every((part, index) => part === '*' || part === at[index]);
  });

const checkSecretPlace = (
  { reference, at, isAlone, prefix }: FoundReference,
  entry: CatalogEntry | undefined,
): readonly [string, string] | undefined => {
  if (reference.path[0] !== 'secrets') return undefined;
  if (reference.path.length !== 2) return [`{{ ${reference.text} }} cannot be read`, 'write {{ secrets.NAME }}'];
  if (entry === undefined || !isSecretField(at, entry)) {
    return [
      `the secret "${String(reference.path[1])}" may not stand here`,
      entry === undefined || entry.secretFields.length === 0
        ? 'no field of this place takes secrets'
        : `fields for secrets: ${entry.secretFields.join(', ')}`,
    ];
  }
  if (!isAlone && !/^[A-Za-z][A-Za-z-]{0,20} $/.test(prefix)) {
    return [
      `the secret "${String(reference.path[1])}" stands alone, or behind one fixed word such as "Bearer "`,
      'put the whole value into the secret',
    ];
  }
  return undefined;
};

/** Problems of where the paths of one expression point to; secrets may not stand there at all. */
export const checkTargets = (
  references: readonly FoundReference['reference'][],
  { at, context }: { readonly at: readonly (string | number)[]; readonly context: ReferenceContext },
): readonly Problem[] =>
  references.flatMap((reference) => {
    const wrong =
      reference.path[0] === 'secrets'
        ? ([
            `${reference.text} may not stand here`,
            'secrets stand in fields of actions, alone or behind one fixed word',
          ] as const)
        : checkTarget({ reference }, context);
    return wrong === undefined ? [] : [problem(at, wrong[0], { hint: wrong[1] })];
  });

/** Problems of all templates inside a value; `at` is where the value stands in the task. */
export function checkReferences(
  value: Json,
  {
    at,
    entry,
    context,
  }: { readonly at: readonly (string | number)[]; readonly entry?: CatalogEntry | undefined; readonly context: ReferenceContext },
): readonly Problem[] {
  const { found, broken } = collectReferences(value);
  const problems = broken.map((item) =>
    problem([...at, ...item.at], item.message, { hint: item.hint ?? 'write {{ input.name }} or {{ steps.id.output.name }}' }),
  );
  for (const item of found) {
    const wrong = checkSecretPlace(item, entry) ?? checkTarget(item, context);
    if (wrong !== undefined) {
      const code =
        item.reference.path[0] === 'secrets' && wrong[0].startsWith('there is no secret') ? 'SECRET_NOT_FOUND' : 'INVALID_TASK';
      problems.push(problem([...at, ...item.at], wrong[0], { hint: wrong[1], code }));
    }
  }
  return problems;
}
