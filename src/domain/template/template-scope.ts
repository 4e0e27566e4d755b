import type { Json, JsonObject } from '@durabase/contracts';
import { collectReferences, type FoundReference } from './collect-references.ts';
import { readExpression } from './read-expression.ts';
import type { Scope } from './read-reference.ts';

/** What a value's templates refer to outside of themselves. */
export interface NeededValues {
  /** Ids of the steps whose outputs are read. */
  readonly steps: readonly string[];
  readonly input: boolean;
  readonly secrets: readonly FoundReference[];
}

/** Which values must be loaded before a value can be resolved, and expressions beside it evaluated. */
export function neededValues(value: Json, ...expressions: readonly (string | undefined)[]): NeededValues {
  const { found } = collectReferences(value);
  const paths = [
    ...found.map(({ reference }) => reference.path),
    ...expressions.flatMap((source) => (source === undefined ? [] : readExpression(source).references)),
  ];
  return {
    steps: [...new Set(paths.filter(([root]) => root === 'steps').map((path) => String(path[1])))],
    input: paths.some(([root]) => root === 'input'),
    secrets: found.filter(({ reference }) => reference.path[0] === 'secrets'),
  };
}

/** Facts of a run that templates can read. */
export interface ScopeFacts {
  readonly runId: string;
  readonly workspaceId: string;
  readonly taskSlug: string;
  readonly input: Json;
  /** Outputs of completed steps by id. */
  readonly outputs: JsonObject;
  readonly step?: { readonly id: string; readonly key: string };
  /** In a loop: what it is at, and the number of the iteration. */
  readonly loop?: { readonly item: Json; readonly index: number };
}

/** The scope of templates; secrets are not in it, they are put in at the moment of use. */
export const templateScope = ({ runId, workspaceId, taskSlug, input, outputs, step, loop }: ScopeFacts): Scope => ({
  input,
  steps: Object.fromEntries(Object.entries(outputs).map(([id, output]) => [id, { output }])),
  run: { id: runId },
  workspace: { id: workspaceId },
  task: { slug: taskSlug },
  ...(step === undefined ? {} : { step: { ...step } }),
  ...(loop === undefined ? {} : { item: loop.item, index: loop.index }),
});
