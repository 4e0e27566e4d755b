// Compiles and runs schemas of users in a thread that can be ended from outside. Nothing of ours is reachable from here.
import { createHash } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { RE2JS } from 're2js';
import type { SchemaError } from './explain.ts';

/** A check that the thread is asked for; without a value only the schema is looked at. */
export interface SchemaJob {
  readonly id: number;
  readonly schema: string;
  readonly value?: string;
}
/** Its answer: errors of the value, or what is wrong with the schema. */
export type SchemaAnswer =
  | { readonly id: number; readonly errors: readonly SchemaError[] }
  | { readonly id: number; readonly broken: string };

const MAX_COMPILED = 200;
const MAX_ERRORS = 20;

/** Linear time; its text tells patterns apart, which the validator's cache goes by. */
const re2 = Object.assign(
  (pattern: string) => {
    const compiled = RE2JS.compile(pattern);
    return { test: (text: string) => compiled.matcher(text).find(), toString: () => `re2:${pattern}` };
  },
  { code: 're2' },
);

const compiled = new Map<string, ValidateFunction>();

function compile(text: string): ValidateFunction {
  const hash = createHash('sha256').update(text).digest('hex');
  const known = compiled.get(hash);
  if (known !== undefined) return known;
  const ajv = new Ajv2020({ strict: false, allErrors: true, verbose: true, code: { regExp: re2 as never } });
  formats.default(ajv);
  const { $schema: _, ...schema } = JSON.parse(text) as Record<string, unknown>;
  const validate = ajv.compile(schema);
  compiled.set(hash, validate);
  const oldest = compiled.keys().next().value;
  if (compiled.size > MAX_COMPILED && oldest !== undefined) compiled.delete(oldest);
  return validate;
}

const toError = ({ instancePath, keyword, params, message, parentSchema }: ErrorObject): SchemaError => {
  const properties: unknown = parentSchema?.['properties'];
  return {
    instancePath,
    keyword,
    params: params as Record<string, unknown>,
    message: message ?? 'does not fit',
    known: typeof properties === 'object' && properties !== null ? Object.keys(properties) : [],
  };
};

function answer({ id, schema, value }: SchemaJob): SchemaAnswer {
  try {
    const validate = compile(schema);
    if (value === undefined || validate(JSON.parse(value))) return { id, errors: [] };
    return { id, errors: (validate.errors ?? []).slice(0, MAX_ERRORS).map(toError) };
  } catch (error) {
    return { id, broken: error instanceof Error ? error.message : 'cannot be compiled' };
  }
}

parentPort?.on('message', (job: SchemaJob) => parentPort?.postMessage(answer(job)));
