import { isJsonObject, type Json, type JsonObject, type Problem } from '@durabase/contracts';
import type { z } from 'zod';
import { looksLikeCredential } from './credential-words.ts';
import { findNames, findSchemas } from './find-schemas.ts';
import { problem } from './problem.ts';
import { suggestName } from './suggest-name.ts';

type Place = readonly (string | number)[];
type Issue = z.core.$ZodIssue;

/** What the issues are about. */
export interface Explained {
  readonly value: unknown;
  /** JSON Schema of what the value should be. */
  readonly schema: JsonObject;
  /** Places whose values are not repeated. @default none */
  readonly isHidden?: (at: Place) => boolean;
}

const WORDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};
const MAX_SHOWN = 80;

const placeOf = (issue: Issue): Place => issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));

const valueAt = (value: unknown, at: Place): unknown =>
  at.reduce<unknown>(
    (holder, part) =>
      typeof holder === 'object' && holder !== null && Object.hasOwn(holder, part)
        ? (holder as Readonly<Record<string | number, unknown>>)[part]
        : undefined,
    value,
  );

function show(at: Place, { value, isHidden }: Explained): string {
  const found = valueAt(value, at);
  const text = JSON.stringify(found) ?? 'nothing';
  if (isHidden?.(at) === true || looksLikeCredential(text)) return 'the value';
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

/** What the contract says of a field, for whoever did not find out. */
const describeField = (at: Place, { schema }: Explained): string | undefined =>
  findSchemas(schema, at)
    .map(({ description }) => description)
    .find((text) => typeof text === 'string');

const lastOf = (at: Place): string => String(at.findLast((part) => typeof part === 'string') ?? 'the value');

function boundsOf(
  at: Place,
  { schema }: Explained,
  { minimum, maximum }: { readonly minimum: string; readonly maximum: string },
) {
  const [first] = findSchemas(schema, at);
  const low = first?.[minimum];
  const high = first?.[maximum];
  return { low: typeof low === 'number' ? low : undefined, high: typeof high === 'number' ? high : undefined };
}

const rangeText = ({ low, high }: { readonly low: number | undefined; readonly high: number | undefined }): string =>
  low === undefined
    ? `at most ${high}`
    : high === undefined || high > Number.MAX_SAFE_INTEGER - 1
      ? `at least ${low}`
      : `${low} to ${high}`;

function explainSize(issue: Extract<Issue, { code: 'too_small' | 'too_big' }>, at: Place, facts: Explained) {
  const found = valueAt(facts.value, at);
  if (Array.isArray(found)) {
    const range = rangeText(boundsOf(at, facts, { minimum: 'minItems', maximum: 'maxItems' }));
    return { message: `"${lastOf(at)}" has ${found.length} items`, hint: `give ${range} items` };
  }
  if (typeof found === 'string') {
    const range = rangeText(boundsOf(at, facts, { minimum: 'minLength', maximum: 'maxLength' }));
    return { message: `"${lastOf(at)}" has ${found.length} characters`, hint: `write ${range} characters` };
  }
  const limit =
    issue.code === 'too_small'
      ? { low: Number(issue.minimum), high: undefined }
      : { low: undefined, high: Number(issue.maximum) };
  const known = boundsOf(at, facts, { minimum: 'minimum', maximum: 'maximum' });
  const isOfBoth = known.low !== undefined || known.high !== undefined;
  return {
    message: `${show(at, facts)} is too ${issue.code === 'too_small' ? 'small' : 'large'}`,
    hint: `give ${rangeText(isOfBoth ? known : limit)}`,
  };
}

function explainType(issue: Extract<Issue, { code: 'invalid_type' }>, at: Place, facts: Explained) {
  const expected = WORDS[issue.expected] ?? issue.expected;
  const about = describeField(at, facts);
  const wanted = about === undefined ? expected : `${expected}: ${about}`;
  if (valueAt(facts.value, at) === undefined) return { message: `"${lastOf(at)}" is missing`, hint: `give ${wanted}` };
  return { message: `${show(at, facts)} is not ${expected}`, hint: `give ${wanted}` };
}

/** Words of a contract: what is wrong, and behind a semicolon what to do. */
function explainWords(text: string, at: Place, facts: Explained) {
  const [what = '', ...cure] = text.split('; ');
  const found = valueAt(facts.value, at);
  if (what.startsWith('must be ') && cure.length === 0) {
    return { message: `${show(at, facts)} cannot be the "${lastOf(at)}"`, hint: `it ${what}` };
  }
  if (/^(?:is|must|has|leaves) /.test(what)) {
    const hint = cure.length > 0 ? cure.join('; ') : (describeField(at, facts) ?? `change "${lastOf(at)}"`);
    return { message: `${show(at, facts)} ${what}`, hint };
  }
  if (cure.length > 0) return { message: what, hint: cure.join('; ') };
  const names = isJsonObject(found) ? Object.keys(found).slice(0, 20) : [];
  return { message: `these do not go together: ${names.map((name) => `"${name}"`).join(', ')}`, hint: text };
}

/** Words of the library begin with a capital, those of our contracts do not. */
const isOurs = (text: string): boolean => !/^[A-Z]/.test(text);

function explainName(name: string, at: Place, facts: Explained): Problem {
  const names = findNames(facts.schema, at);
  const path = [...at, name];
  const found = valueAt(facts.value, at);
  const rival = isJsonObject(found) ? Object.keys(found).find((other) => other !== name && names.includes(other)) : undefined;
  if (names.includes(name) && rival !== undefined) {
    return problem(path, `"${name}" cannot stand beside "${rival}"`, { hint: 'leave one of them out' });
  }
  return problem(path, `there is no field "${name.slice(0, 100)}"`, { hint: suggestName(name, names) });
}

function wordsOf(issue: Issue, at: Place, facts: Explained): { readonly message: string; readonly hint: string } {
  if (isOurs(issue.message)) return explainWords(issue.message, at, facts);
  const about = describeField(at, facts);
  switch (issue.code) {
    case 'invalid_type':
      return explainType(issue, at, facts);
    case 'too_small':
    case 'too_big':
      return explainSize(issue, at, facts);
    case 'invalid_value': {
      const allowed = issue.values.map(String);
      const found = valueAt(facts.value, at);
      if (found === undefined) return { message: `"${lastOf(at)}" is missing`, hint: suggestName('', allowed) };
      return {
        message: `${show(at, facts)} is none of the values of "${lastOf(at)}"`,
        hint: suggestName(typeof found === 'string' ? found : '', allowed),
      };
    }
    case 'invalid_format': {
      const what = issue.format === 'datetime' ? 'a time such as "2030-01-31T09:00:00Z"' : `what "${lastOf(at)}" takes`;
      const pattern = 'pattern' in issue && issue.format === 'regex' ? `it must match ${String(issue.pattern)}` : `write ${what}`;
      return { message: `${show(at, facts)} is not ${what}`, hint: issue.format === 'regex' ? pattern : (about ?? pattern) };
    }
    case 'custom':
    case 'invalid_element':
    case 'invalid_key':
    case 'invalid_union':
    case 'not_multiple_of':
    case 'unrecognized_keys':
      return { message: `${show(at, facts)} does not fit`, hint: about ?? `change "${lastOf(at)}"` };
  }
}

/** A union tells of every branch; the branch that came furthest is the one that was meant. */
export function flattenIssue(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return [issue];
  const branches = issue.errors.map((errors) => errors.flatMap(flattenIssue));
  const best = branches.reduce((left, right) => (depth(right) > depth(left) ? right : left));
  return best.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] }));
}
const depth = (issues: readonly Issue[]): number =>
  Math.max(0, ...issues.map((issue) => issue.path.length)) - issues.length / 100;

/** What a schema says of a value, in our words: each problem at its field, with the value and a cure. */
export function explainIssue(issue: Issue, facts: Explained): readonly Problem[] {
  const at = placeOf(issue);
  if (issue.code === 'unrecognized_keys') return issue.keys.map((name) => explainName(name, at, facts));
  const { message, hint } = wordsOf(issue, at, facts);
  return [problem(at, message, { hint })];
}

/** The JSON Schema of what may be written. */
export const schemaOf = (schema: z.ZodType, io: 'input' | 'output' = 'input'): JsonObject =>
  schema.toJSONSchema({ io, unrepresentable: 'any' }) as Json as JsonObject;
