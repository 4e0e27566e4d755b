import type { Json } from '../json.ts';
import type { Value } from './reference.ts';
import type { TypeOf } from './reference.ts';

/** Text with a template in it, which may stand for a value of any type. */
type Braces = `${string}{{${string}}}${string}`;

/** JSON with references in it. */
export type TemplatedJson =
  | null
  | boolean
  | number
  | string
  | Value<unknown>
  | readonly TemplatedJson[]
  | { readonly [name: string]: TemplatedJson | undefined };

type Plain<T> = T extends string
  ? string extends T
    ? string
    : T | Braces
  : T extends number | boolean | null
    ? T | Braces
    : T extends undefined
      ? undefined
      : T extends readonly (infer Item)[]
        ? readonly Templated<Item>[] | Braces
        : T extends object
          ? { readonly [Name in keyof T]: Templated<T[Name]> } | Braces
          : never;

/** A value of this type in which any part may be a reference, or text with templates. */
export type Templated<T> = [Json] extends [T] ? TemplatedJson : Value<T> | Plain<T>;

/** What a templated value is once its references are resolved. Text with templates may become anything. */
export type Resolved<V> =
  V extends Value<unknown>
    ? TypeOf<V>
    : V extends string
      ? string extends V
        ? Json
        : V extends `${string}{{${string}`
          ? Json
          : V
      : V extends null | boolean | number
        ? V
        : V extends readonly unknown[]
          ? { readonly [Index in keyof V]: Resolved<V[Index]> }
          : V extends object
            ? { readonly [Name in keyof V]: Resolved<V[Name]> }
            : Json;
