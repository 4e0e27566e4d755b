/** A JSON Schema, as far as a form understands it. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly title?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
}

interface Common {
  readonly title: string;
  readonly description: string | undefined;
  readonly isRequired: boolean;
  readonly schema: Schema;
}

/** What a form shows for a schema. */
export type Field = Common &
  (
    | {
        readonly kind: 'text';
        readonly input: 'text' | 'email' | 'url' | 'date' | 'datetime-local' | 'time';
        readonly isLong: boolean;
      }
    | { readonly kind: 'number'; readonly isWhole: boolean }
    | { readonly kind: 'choice'; readonly options: readonly (string | number)[] }
    | { readonly kind: 'switch' }
    | { readonly kind: 'group'; readonly fields: readonly (readonly [name: string, field: Field])[] }
    | { readonly kind: 'list'; readonly item: Field }
    | { readonly kind: 'json' }
  );

const MAX_DEPTH = 4;
const LONG_TEXT = 200;
/** With these a value can be of several shapes: it is written as JSON. */
const BRANCHES = ['$ref', 'oneOf', 'anyOf', 'allOf', 'not', 'if', 'const', 'patternProperties', 'dependentSchemas'];

const INPUTS: Readonly<Record<string, 'email' | 'url' | 'date' | 'datetime-local' | 'time'>> = {
  email: 'email',
  uri: 'url',
  date: 'date',
  'date-time': 'datetime-local',
  time: 'time',
};

interface Place {
  readonly name: string;
  readonly isRequired: boolean;
  readonly depth: number;
}

/** `startsOn` as `Starts on`. */
const toWords = (name: string): string => {
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/[_-]+/g, ' ')
    .toLowerCase();
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
};

export const readField = (schema: Schema, { name, isRequired, depth }: Place): Field => {
  const { title = toWords(name), description } = schema;
  const common = { title, description, isRequired, schema };
  const json = { ...common, kind: 'json' as const };
  if (typeof schema !== 'object' || depth > MAX_DEPTH || BRANCHES.some((word) => word in schema)) return json;
  if (schema.enum !== undefined) {
    const options = schema.enum.filter((option) => typeof option === 'string' || typeof option === 'number');
    return options.length === schema.enum.length ? { ...common, kind: 'choice', options } : json;
  }
  switch (schema.type) {
    case 'string':
      return {
        ...common,
        kind: 'text',
        input: INPUTS[schema.format ?? ''] ?? 'text',
        isLong: (schema.maxLength ?? 0) >= LONG_TEXT,
      };
    case 'number':
    case 'integer':
      return { ...common, kind: 'number', isWhole: schema.type === 'integer' };
    case 'boolean':
      return { ...common, kind: 'switch' };
    case 'array':
      return schema.items === undefined
        ? json
        : { ...common, kind: 'list', item: readField(schema.items, { name: 'item', isRequired: true, depth: depth + 1 }) };
    case 'object':
      return schema.properties === undefined ? json : { ...common, kind: 'group', fields: readFields(schema, depth) };
    case undefined:
    default:
      return json;
  }
};

/** What is needed comes first; the order of the rest is lost where the schema is kept. */
const readFields = ({ properties = {}, required = [] }: Schema, depth: number) =>
  Object.entries(properties)
    .map(
      ([name, property]) => [name, readField(property, { name, isRequired: required.includes(name), depth: depth + 1 })] as const,
    )
    .sort(([left], [right]) => rank(required, left) - rank(required, right));

const rank = (required: readonly string[], name: string): number =>
  required.includes(name) ? required.indexOf(name) : required.length;

/** What a field begins with; undefined: with nothing. */
export const initialValue = (field: Field): unknown => {
  if (field.schema.default !== undefined) return field.schema.default;
  // A switch that stands on "no" says no.
  if (field.kind === 'switch' && field.isRequired) return false;
  if (field.kind !== 'group') return undefined;
  const entries = field.fields
    .map(([name, inner]) => [name, initialValue(inner)] as const)
    .filter(([, value]) => value !== undefined);
  return entries.length === 0 && !field.isRequired ? undefined : Object.fromEntries(entries);
};
