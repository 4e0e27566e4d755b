import type { Json } from '../json.ts';

/** Where a reference keeps its expression; the same in every copy of the package. */
const EXPRESSION = Symbol.for('durabase.expression');

declare const TYPE: unique symbol;

/** Something that a run will know: an expression whose value has this type. `never` stands for a type that nobody knows. */
export interface Value<T> {
  readonly [TYPE]: T;
}

/** A value of which nothing is known; its parts are read by name. */
export interface JsonRef extends Value<never> {
  readonly [name: string]: JsonRef;
}

type Members<T> = T extends readonly (infer Item)[]
  ? { readonly [index: number]: Ref<Item> }
  : T extends object
    ? { readonly [Name in keyof T]-?: Ref<T[Name]> }
    : unknown;

/**
 * A reference to a value, whose parts are read like those of the value. In `with` and `output` it stands for `{{ its path }}`,
 * also inside of a template literal; in `when`, `forEach` and `concurrency.key` for the path itself.
 */
export type Ref<T> = [Json] extends [T] ? JsonRef : Value<T> & Members<NonNullable<T>>;

/** The type behind a reference. */
export type TypeOf<V> = V extends Value<infer T> ? ([T] extends [never] ? Json : T) : never;

/** The expression of a reference; undefined for everything else. */
export const expressionOf = (value: unknown): string | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  const found: unknown = Reflect.get(value, EXPRESSION);
  return typeof found === 'string' ? found : undefined;
};

/** Words of CEL that cannot stand behind a dot. */
const WORDS: ReadonlySet<string> = new Set(['in', 'true', 'false', 'null']);

/** The expression for a part of a value. */
export const readPart = (expression: string, name: string): string => {
  if (/^(?:0|[1-9]\d*)$/.test(name)) return `${expression}[${name}]`;
  if (/^[A-Za-z_]\w*$/.test(name) && !WORDS.has(name)) return `${expression}.${name}`;
  return `${expression}[${JSON.stringify(name)}]`;
};

/** A reference to an expression. What the value looks like is said by the caller. */
export const createReference = <T>(expression: string): Ref<T> =>
  new Proxy(Object.freeze({}), {
    get: (_, name) => {
      if (name === EXPRESSION) return expression;
      if (name === Symbol.toPrimitive) return () => `{{ ${expression} }}`;
      return typeof name === 'string' ? createReference(readPart(expression, name)) : undefined;
    },
  }) as unknown as Ref<T>;

/**
 * An expression of the language of tasks (docs/expressions.md) with references in it. Other values become literals.
 *
 * @example
 * when: cel`${ok.output.decision} == 'yes'`
 * output: { stored: cel<number>`size(${store.output})` }
 */
export const cel = <T = never>(texts: TemplateStringsArray, ...values: readonly (Value<unknown> | Json)[]): Value<T> => {
  const source = texts.reduce((text, next, index) => {
    const value = values[index - 1];
    return `${text}${expressionOf(value) ?? JSON.stringify(value)}${next}`;
  });
  return createReference<T>(source.trim()) as Value<T>;
};

/**
 * Text with references in it. A plain template literal does the same; linters that look at types take offence at that.
 *
 * @example
 * url: text`https://api.example.com/orders?day=${input.day}`
 */
export const text = (texts: TemplateStringsArray, ...values: readonly (Value<unknown> | string | number | boolean)[]): string =>
  String.raw(
    { raw: texts },
    ...values.map((value) => (typeof value === 'object' ? `{{ ${expressionOf(value) ?? ''} }}` : value)),
  );

/**
 * The same reference with the type that its value is known to have, such as the body of an answer. Nothing checks it.
 *
 * @example
 * const { orders } = shape<{ readonly orders: readonly Order[] }>(fetch.output.body);
 */
export const shape = <T>(reference: Value<unknown>): Ref<T> => createReference<T>(expressionOf(reference) ?? '');
