export { createJsonSchema, type JsonSchemaOptions } from './create-json-schema.ts';
