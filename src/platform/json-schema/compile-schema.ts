import { createHash } from 'node:crypto';
import type { Json, Problem } from '@durabase/contracts';
import { isJsonObject } from '@durabase/contracts/json';
import { Ajv2020, type Options, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { RE2JS } from 're2js';
import { checkPatterns } from './check-patterns.ts';
import { describeErrors } from './describe-errors.ts';
import { findHomes, type Homes } from './find-homes.ts';

/** A schema that can be run, or what is wrong with it. */
export type CompiledSchema =
  | { readonly validate: ValidateFunction; readonly homes: Homes }
  | { readonly problems: readonly Problem[] };

const DIALECT = 'https://json-schema.org/draft/2020-12';
const MAX_COMPILED = 200;
/** Bound of the memory that compiled schemas hold, as the length of their texts: the code is some thirty times as long. */
const MAX_COMPILED_CHARACTERS = 300_000;

const compilePattern = (pattern: string): RE2JS => RE2JS.compile(RE2JS.translateRegExp(pattern));

const isPattern = (text: string): boolean => {
  try {
    compilePattern(text);
    return true;
  } catch {
    return false; // told as a problem of the format "regex"
  }
};

/** Patterns in linear time. The validator keeps them by their text: without a text of its own each would stand for all. */
const re2 = Object.assign(
  (pattern: string) => {
    const compiled = compilePattern(pattern);
    return { test: (text: string): boolean => compiled.matcher(text).find(), toString: () => `re2:${pattern}` };
  },
  { code: 're2' },
);

function createAjv(options: Options): Ajv2020 {
  const ajv = new Ajv2020({
    strict: false,
    allErrors: true, // a form shows all of them
    verbose: true, // what is known at a place, for hints
    ownProperties: true, // "toString" is in every object, but not given
    inlineRefs: false,
    logger: false,
    // Without its optimizer the validator compiles large schemas ten times as fast. Its types ask for a RegExp where a match is all it uses.
    code: { optimize: false, regExp: re2 as unknown as NonNullable<NonNullable<Options['code']>['regExp']> },
    ...options,
  });
  formats.default(ajv);
  ajv.addFormat('regex', isPattern); // of values; the validator lets patterns of schemas pass
  return ajv;
}

/** Whether a schema refers to itself at the same place of the value, which no value can end. */
const isEndless = (validate: ValidateFunction): boolean => {
  try {
    validate(null);
    return false;
  } catch (error) {
    if (error instanceof RangeError) return true;
    throw error;
  }
};

const unusable = (message: string): CompiledSchema => ({ problems: [{ code: 'INVALID_TASK', path: 'input', message }] });

const ENDLESS = 'the schema refers to itself without going into the value';

function compile(schema: Json, checkForm: (schema: Json) => readonly Problem[]): CompiledSchema {
  const problems = [...checkForm(schema), ...checkPatterns(schema, isPattern)];
  if (problems.length > 0) return { problems };
  if (typeof schema !== 'boolean' && !isJsonObject(schema)) return unusable('a schema is an object');
  try {
    const validate = createAjv({ validateSchema: false, meta: false }).compile(schema);
    return isEndless(validate) ? unusable(ENDLESS) : { validate, homes: findHomes(schema) };
  } catch (error) {
    if (error instanceof RangeError) return unusable(ENDLESS);
    return unusable(`this schema cannot be used: ${error instanceof Error ? error.message : 'it does not compile'}`);
  }
}

/** The check of a schema by the schema of schemas, compiled here at nobody's expense. */
function createFormCheck(): (schema: Json) => readonly Problem[] {
  const ajv = createAjv({});
  const validate = ajv.getSchema(`${DIALECT}/schema`) ?? ajv.compile(true);
  const rules: unknown = ajv.getSchema(`${DIALECT}/meta/validation`)?.schema;
  const homes = findHomes(isJsonObject(rules) ? rules : true);
  const check = (schema: Json): readonly Problem[] =>
    validate(schema) ? [] : describeErrors(validate.errors ?? [], { value: schema, homes, code: 'INVALID_TASK' });
  check({ type: 'object' });
  return check;
}

/** Compiles schemas given as JSON text, which must be within the bounds, and keeps those that were used last. */
export function createCompiler(): (text: string) => CompiledSchema {
  const checkForm = createFormCheck();
  const kept = new Map<string, { readonly compiled: CompiledSchema; readonly characters: number }>();
  let characters = 0;

  return (text) => {
    const hash = createHash('sha256').update(text).digest('hex');
    const known = kept.get(hash);
    const entry = known ?? { compiled: compile(JSON.parse(text) as Json, checkForm), characters: text.length };
    kept.delete(hash);
    kept.set(hash, entry); // behind all others: the first is the one that was not used for longest
    if (known === undefined) characters += entry.characters;
    for (const [oldest, { characters: freed }] of kept) {
      if (kept.size <= MAX_COMPILED && characters <= MAX_COMPILED_CHARACTERS) break;
      kept.delete(oldest);
      characters -= freed;
    }
    return entry.compiled;
  };
}
