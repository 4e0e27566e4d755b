import type { Json, JsonObject, Problem } from '@durabase/contracts';

/** JSON Schema from users: hostile until proven otherwise, so it runs under bounds of size and time. */
export interface JsonSchemaPort {
  /** What is wrong with the schema itself; empty when it can be used. */
  checkSchema(schema: JsonObject): Promise<readonly Problem[]>;
  /** What is wrong with a value, as INVALID_INPUT problems with paths below `input`; empty when it fits. */
  checkValue(schema: JsonObject, value: Json): Promise<readonly Problem[]>;
}
