import type { Field } from './read-field.ts';

/** What is wrong, by path: `address.city`, `tags[0]`. */
export type Faults = Readonly<Record<string, string>>;

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

/**
 * What a form can tell before anything is sent. It never says more than the schema: the API and the worker check all of it,
 * and what they find is shown in the same places.
 */
export const checkValue = (field: Field, value: unknown, path = ''): Faults => {
  if (value === undefined) {
    return field.isRequired && path !== ''
      ? { [path]: field.kind === 'switch' ? 'Choose yes or no' : 'This is needed' }
      : missingInside(field, path);
  }
  switch (field.kind) {
    case 'text':
      return fault(path, checkText(field, value));
    case 'number':
      return fault(path, checkNumber(field, value));
    case 'choice':
      return fault(path, field.options.some((option) => option === value) ? undefined : `One of ${field.options.join(', ')}`);
    case 'switch':
      return fault(path, typeof value === 'boolean' ? undefined : 'Yes or no');
    case 'list':
      return checkList(field, value, path);
    case 'group':
      return checkGroup(field, value, path);
    case 'json':
      return {};
  }
};

const fault = (path: string, message: string | undefined): Faults => (message === undefined ? {} : { [path]: message });

/** A group that nobody touched is left out; at the top there is always one. */
const missingInside = (field: Field, path: string): Faults =>
  field.kind === 'group' && path === '' ? checkGroup(field, {}, path) : {};

const checkText = ({ schema, ...field }: Extract<Field, { kind: 'text' }>, value: unknown): string | undefined => {
  if (typeof value !== 'string') return 'A text is needed';
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, pattern } = schema;
  const length = Array.from(value).length; // code points, as JSON Schema counts
  if (length < minLength) return `At least ${minLength} characters`;
  if (length > maxLength) return `At most ${maxLength} characters`;
  if (field.input === 'email' && !EMAIL.test(value)) return 'An e-mail address is needed, such as ada@example.com';
  if (field.input === 'url' && !URL.canParse(value)) return 'An address is needed, such as https://example.com';
  if (field.input === 'date' && Number.isNaN(Date.parse(value))) return 'A date is needed, such as 2026-11-20';
  return pattern === undefined || fits(value, pattern) ? undefined : `It must fit ${pattern}`;
};

const fits = (value: string, pattern: string): boolean => {
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    return true; // a pattern of another dialect: whoever knows it decides
  }
};

const checkNumber = ({ schema, isWhole }: Extract<Field, { kind: 'number' }>, value: unknown): string | undefined => {
  if (typeof value !== 'number' || !Number.isFinite(value)) return 'A number is needed';
  const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema;
  if (isWhole && !Number.isInteger(value)) return 'A whole number is needed';
  if (value < minimum) return `At least ${minimum}`;
  return value > maximum ? `At most ${maximum}` : undefined;
};

const checkList = ({ item, schema }: Extract<Field, { kind: 'list' }>, value: unknown, path: string): Faults => {
  if (!Array.isArray(value)) return { [path]: 'A list is needed' };
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema;
  const own = value.length < minItems ? `At least ${minItems}` : value.length > maxItems ? `At most ${maxItems}` : undefined;
  const inner = value.map((entry: unknown, index) => checkValue(item, entry, `${path}[${index}]`));
  return Object.assign({}, fault(path, own), ...inner) as Faults;
};

const checkGroup = ({ fields }: Extract<Field, { kind: 'group' }>, value: unknown, path: string): Faults => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { [path]: 'An object is needed' };
  const given = value as Readonly<Record<string, unknown>>;
  const inner = fields.map(([name, field]) => checkValue(field, given[name], path === '' ? name : `${path}.${name}`));
  return Object.assign({}, ...inner) as Faults;
};
