export { createJsonSchema, type JsonSchemaChecker, type JsonSchemaOptions } from './create-json-schema.ts';
