import type { ErrorCode, Json, Problem } from '@durabase/contracts';
import { isJsonObject } from '@durabase/contracts/json';
import { formatPath } from '@durabase/contracts/json-path';
import { suggestName } from '../../domain/plan/suggest-name.ts';
import type { Homes } from './find-homes.ts';
import { formatWords, kindOf, quote, shorten, typeWords } from './schema-words.ts';
import { type SchemaError, simplifyErrors } from './simplify-errors.ts';

const MAX_PROBLEMS = 20;
/** More are not even looked at: a long list that is wrong throughout would cost more than it tells. */
const MAX_ERRORS = 5_000;

type Path = readonly (string | number)[];
/** What is said of an error: the name below its place if it is about one, the message and a hint. */
interface Words {
  readonly name?: string;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** Names and indexes of a JSON pointer; only the value tells an index from a name of digits. */
function pathOf(pointer: string, value: Json): Path {
  let holder: Json | undefined = value;
  return pointer
    .split('/')
    .slice(1)
    .map((part) => {
      const name = part.replaceAll('~1', '/').replaceAll('~0', '~');
      const isIndex = Array.isArray(holder);
      holder = typeof holder === 'object' && holder !== null ? (holder as Readonly<Record<string, Json>>)[name] : undefined;
      return isIndex ? Number(name) : shorten(name, 100);
    });
}

const declaredNames = ({ parentSchema }: SchemaError): readonly string[] => {
  const properties: unknown = parentSchema?.['properties'];
  return isJsonObject(properties) ? Object.keys(properties) : [];
};

/** The known name that was probably meant, if there is one. */
const nearName = (name: string, known: readonly string[]): string | undefined => {
  const suggestion = suggestName(name, known);
  return suggestion.startsWith('did you mean') ? suggestion : undefined;
};

function missingWords(error: SchemaError, name: string): Words {
  const declared = declaredNames(error);
  const given = isJsonObject(error.data) ? Object.keys(error.data).filter((key) => !declared.includes(key)) : [];
  const near = given.find((key) => nearName(key, [name]) !== undefined);
  const properties: unknown = error.parentSchema?.['properties'];
  const schema = isJsonObject(properties) ? properties[name] : undefined;
  const type = isJsonObject(schema) ? schema['type'] : undefined;
  const expected = type === undefined ? undefined : `expected ${typeWords(type)}`;
  const partner = error.params['property'];
  return {
    name,
    message: typeof partner === 'string' ? `is missing: it goes with "${shorten(partner, 100)}"` : 'is missing',
    hint: near === undefined ? expected : `there is "${shorten(near, 100)}": did you mean "${name}"?`,
  };
}

const limitWords = ({ keyword, params }: SchemaError): string | undefined => {
  const limit = String(params['limit']);
  const things = keyword.endsWith('Length') ? 'characters' : keyword.endsWith('Items') ? 'items' : 'properties';
  if (/^min(?:Length|Items|Properties)$/.test(keyword)) return `must have at least ${limit} ${things}`;
  if (/^max(?:Length|Items|Properties)$/.test(keyword)) return `must have at most ${limit} ${things}`;
  return undefined;
};

function choiceWords({ data, params }: SchemaError): Words {
  const allowed: readonly unknown[] = Array.isArray(params['allowedValues']) ? params['allowedValues'] : [params['allowedValue']];
  const names = allowed.filter((value) => typeof value === 'string');
  return {
    message: `must be ${allowed.length === 1 ? '' : 'one of '}${shorten(allowed.map(quote).join(', '), 500)}`,
    hint: typeof data === 'string' ? nearName(shorten(data, 100), names) : undefined,
  };
}

/** What is said of each keyword; where nothing is listed, the words of the validator are good enough. */
const WORDS: Readonly<Record<string, (error: SchemaError) => Words>> = {
  type: ({ params, data }) => ({ message: `must be ${typeWords(params['type'])}, not ${kindOf(data)}` }),
  enum: choiceWords,
  const: choiceWords,
  required: (error) => missingWords(error, String(error.params['missingProperty'])),
  dependentRequired: (error) => missingWords(error, String(error.params['missingProperty'])),
  dependencies: (error) => missingWords(error, String(error.params['missingProperty'])),
  additionalProperties: (error) => extraWords(error, String(error.params['additionalProperty'])),
  unevaluatedProperties: (error) => extraWords(error, String(error.params['unevaluatedProperty'])),
  format: ({ params }) => formatWords(String(params['format'])),
  pattern: ({ params }) => ({ message: `must match the pattern ${shorten(String(params['pattern']), 200)}` }),
  oneOf: ({ params }) => ({
    message: `must match exactly one of the alternatives${Array.isArray(params['passingSchemas']) ? ', it matches several' : ''}`,
  }),
  anyOf: () => ({ message: 'must match one of the alternatives' }),
  contains: ({ params }) => ({ message: `must contain at least ${String(params['minContains'])} that fit "contains"` }),
  not: () => ({ message: 'must not match what the schema has under "not"' }),
  'false schema': () => ({ message: 'nothing is accepted here' }),
};

const extraWords = (error: SchemaError, name: string): Words => ({
  name: shorten(name, 100),
  message: 'is not declared by the schema',
  hint: suggestName(shorten(name, 100), declaredNames(error)),
});

function wordsOf(error: SchemaError): Words {
  const limit = limitWords(error);
  if (limit !== undefined) return { message: limit };
  return WORDS[error.keyword]?.(error) ?? { message: error.message ?? 'does not fit the schema' };
}

function describe(error: SchemaError, { value, code }: { readonly value: Json; readonly code: ErrorCode }): Problem {
  const { name, message, hint } = wordsOf(error);
  const isOfName = error.propertyName !== undefined; // the value looked at is the name of a property
  const last = isOfName ? [shorten(error.propertyName ?? '', 100)] : name === undefined ? [] : [name];
  return {
    code,
    path: formatPath(['input', ...pathOf(error.instancePath, value), ...last]),
    message: isOfName ? `the name ${message}` : message,
    ...(hint === undefined ? {} : { hint }),
  };
}

/** Errors of the validator as problems: where it is, what would be right. Values of the input are not repeated. */
export function describeErrors(
  errors: readonly SchemaError[],
  context: { readonly value: Json; readonly code: ErrorCode; readonly homes: Homes },
): readonly Problem[] {
  const problems = simplifyErrors(errors.slice(0, MAX_ERRORS), context.homes).map((error) => describe(error, context));
  const distinct = new Map(problems.map((found) => [`${found.path} ${found.message}`, found]));
  if (distinct.size === 0) return [{ code: context.code, path: 'input', message: 'does not fit the schema' }];
  return [...distinct.values()].slice(0, MAX_PROBLEMS);
}
