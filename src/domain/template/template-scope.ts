import type { Json, JsonObject } from '@durabase/contracts';
import { collectReferences, type FoundReference } from './collect-references.ts';
import type { Scope } from './resolve-template.ts';

/** What a value's templates refer to outside of themselves. */
export interface NeededValues {
  /** Ids of the steps whose outputs are read. */
  readonly steps: readonly string[];
  readonly input: boolean;
  readonly secrets: readonly FoundReference[];
}

/** Which values must be loaded before a value can be resolved. */
export function neededValues(value: Json): NeededValues {
  const { found } = collectReferences(value);
  const rooted = (root: string) => found.filter(({ reference }) => reference.path[0] === root);
  return {
    steps: [...new Set(rooted('steps').map(({ reference }) => String(reference.path[1])))],
    input: rooted('input').length > 0,
    secrets: rooted('secrets'),
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
}

/** The scope of templates; secrets are not in it, they are put in at the moment of use. */
export const templateScope = ({ runId, workspaceId, taskSlug, input, outputs, step }: ScopeFacts): Scope => ({
  input,
  steps: Object.fromEntries(Object.entries(outputs).map(([id, output]) => [id, { output }])),
  run: { id: runId },
  workspace: { id: workspaceId },
  task: { slug: taskSlug },
  ...(step === undefined ? {} : { step: { ...step } }),
});
