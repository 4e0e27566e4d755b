import { isJsonObject, type Json, type JsonObject } from '../json.ts';
import type { LowerContext } from './lower.ts';
import { lowerObject } from './lower.ts';
import { taskProblem } from './refuse-task.ts';
import type { LibrarySchema } from './schema-types.ts';

const isLibrarySchema = (value: unknown): value is LibrarySchema =>
  (typeof value === 'object' || typeof value === 'function') && value !== null && '~standard' in value;

/** Bounds that say no more than "integer". */
const isSafeBound = (name: string, value: Json): boolean =>
  (name === 'minimum' && value === Number.MIN_SAFE_INTEGER) || (name === 'maximum' && value === Number.MAX_SAFE_INTEGER);

/** What a library writes, without what says the same a second time: a pattern beside a format, bounds of safe integers. */
const tidy = (schema: Json): Json => {
  if (Array.isArray(schema)) return schema.map(tidy);
  if (!isJsonObject(schema)) return schema;
  const isText = schema['type'] === 'string' && typeof schema['format'] === 'string';
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([name, value]) => name !== '$schema' && !(isText && name === 'pattern') && !isSafeBound(name, value))
      .map(([name, value]) => [name, tidy(value)]),
  );
};

/** The JSON Schema of an input. */
export const lowerSchema = (schema: unknown, context: LowerContext): JsonObject => {
  if (!isLibrarySchema(schema)) {
    if (typeof schema === 'object' && schema !== null && !Array.isArray(schema)) return lowerObject(schema, context);
    context.problems.push(taskProblem(context.at, 'is no schema', 'give a schema of zod, or a JSON Schema'));
    return {};
  }
  const { vendor, jsonSchema } = schema['~standard'] as Partial<LibrarySchema['~standard']>;
  if (jsonSchema === undefined) {
    const hint = vendor === 'zod' ? 'take zod 4.2 or later' : 'give a JSON Schema';
    context.problems.push(taskProblem(context.at, `this schema of ${String(vendor)} cannot write itself as JSON Schema`, hint));
    return {};
  }
  try {
    return tidy(jsonSchema.input({ target: 'draft-2020-12' }) as JsonObject) as JsonObject;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    context.problems.push(
      taskProblem(context.at, `the schema has no form in JSON: ${reason}`, 'take types of JSON; a date is z.iso.date()'),
    );
    return {};
  }
};
