import type { ActionKind, EffectClass, JsonObject, Problem, RetryPolicy, StepTimeouts } from '@durabase/contracts';

/** What the compiler must know of an action. */
export interface CatalogEntry {
  readonly type: string;
  readonly kind: ActionKind;
  readonly secretFields: readonly string[];
  readonly retry: RetryPolicy;
  readonly timeouts: StepTimeouts;
  readonly effectOf: (input: JsonObject) => EffectClass;
  /** First names that may stand behind `steps.<id>.output`; `undefined` when the output has no fixed form. */
  readonly outputNames: readonly string[] | undefined;
  /** JSON Schema of what may stand in `with`. */
  readonly inputSchema: JsonObject;
  /** JSON Schema of the output, as far as the contract fixes it. */
  readonly outputSchema: JsonObject;
  /** Problems of `with`, as far as they can be seen before templates are resolved; paths start at `with`. */
  readonly checkInput: (input: JsonObject, isTemplated: (path: readonly (string | number)[]) => boolean) => readonly Problem[];
}

/** The actions that a task may use, by type. */
export type ActionCatalog = ReadonlyMap<string, CatalogEntry>;
