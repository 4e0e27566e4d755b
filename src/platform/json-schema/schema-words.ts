const TYPES: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  array: 'a list',
  null: 'null',
};

const FORMATS: Readonly<Record<string, readonly [string, string]>> = {
  date: ['a date', 'such as "2026-11-21"'],
  time: ['a time with its zone', 'such as "07:30:00Z"'],
  'date-time': ['a date with time and zone', 'such as "2026-11-21T07:30:00Z"'],
  duration: ['an ISO 8601 duration', 'such as "PT10M"'],
  email: ['an email address', 'such as "name@example.com"'],
  uri: ['a URI', 'such as "https://example.com/path"'],
  url: ['a URL', 'such as "https://example.com/path"'],
  uuid: ['a uuid', 'such as "123e4567-e89b-12d3-a456-426614174000"'],
  hostname: ['a host name', 'such as "api.example.com"'],
  ipv4: ['an IPv4 address', 'such as "192.0.2.1"'],
  ipv6: ['an IPv6 address', 'such as "2001:db8::1"'],
  regex: ['a pattern in RE2 syntax', 'look-around such as (?=…) and backreferences such as \\1 are not supported'],
};

/** A text, cut after so many characters. */
export const shorten = (text: string, length: number): string => (text.length <= length ? text : `${text.slice(0, length)}…`);

/** A value of a schema as it is written there. */
export const quote = (value: unknown): string => JSON.stringify(value) ?? 'nothing';

/** One type, or a list of types, in words. */
export const typeWords = (types: unknown): string => {
  const words = [types].flat().map((type) => TYPES[String(type)] ?? String(type));
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
};

/** What kind of value is there, in words. */
export const kindOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'boolean') return String(value);
  return TYPES[typeof value] ?? 'nothing';
};

/** What a format asks for, with an example where there is one. */
export const formatWords = (format: string): { readonly message: string; readonly hint?: string } => {
  const known = FORMATS[format];
  return known === undefined
    ? { message: `must fit the format "${shorten(format, 100)}"` }
    : { message: `must be ${known[0]}`, hint: known[1] };
};
