import type { Json, JsonObject } from '@durabase/contracts';

/** A value that does not fit a schema in one respect, and what is said of it. */
export interface Misfit {
  readonly title: string;
  readonly schema: JsonObject | boolean;
  readonly value: Json;
  readonly path: string;
  readonly message: string;
  readonly hint?: string;
}
