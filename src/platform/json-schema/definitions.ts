import { isJsonObject, type Json, type JsonObject } from '@durabase/contracts';

/** A schema as JSON Schema knows it: an object, or `true` (everything fits) or `false` (nothing does). */
export type JsonSchema = JsonObject | boolean;

const REFERENCE = /^#\/\$defs\/([A-Za-z0-9_.-]{1,100})$/;

/** What `$ref` names, when it is a reference inside the same schema. */
export const referencedName = (reference: Json | undefined): string | undefined =>
  typeof reference === 'string' ? REFERENCE.exec(reference)?.[1] : undefined;

/** The definitions that a schema can refer to. */
export const definitionsOf = (schema: JsonSchema): JsonObject => {
  const found = isJsonObject(schema) ? schema['$defs'] : undefined;
  return isJsonObject(found) ? found : {};
};
