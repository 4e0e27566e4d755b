import type { Json, JsonObject } from '../json.ts';

/** A schema of a library that can write itself as JSON Schema (Standard JSON Schema): zod from 4.2 on, and others. */
export interface LibrarySchema<Input = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly types?: { readonly input: Input; readonly output: unknown } | undefined;
    readonly jsonSchema: { readonly input: (options: { readonly target: 'draft-2020-12' }) => Record<string, unknown> };
  };
}

/** What may stand as the input of a task: a schema of a library, or a JSON Schema. */
export type InputSchema = LibrarySchema | JsonObject;

/** What a run takes whose task has this input. Without a schema it is any JSON value. */
export type InputOf<Schema> =
  Schema extends LibrarySchema<unknown>
    ? NonNullable<Schema['~standard']['types']>['input']
    : Schema extends JsonObject
      ? FromSchema<Schema>
      : Json;

interface TypesByName {
  readonly string: string;
  readonly number: number;
  readonly integer: number;
  readonly boolean: boolean;
  readonly null: null;
}

type Flat<T> = { [Name in keyof T]: T[Name] };

type Required<Schema> = Schema extends { readonly required: readonly (infer Name)[] } ? Name : never;

/** Properties that the schema names; of an object that names none, any. */
type FromProperties<Schema> = Schema extends { readonly properties: infer Properties }
  ? Flat<
      { readonly [Name in keyof Properties as Name extends Required<Schema> ? Name : never]: FromSchema<Properties[Name]> } & {
        readonly [Name in keyof Properties as Name extends Required<Schema> ? never : Name]?: FromSchema<Properties[Name]>;
      }
    >
  : Schema extends { readonly additionalProperties: infer Rest extends JsonObject }
    ? { readonly [name: string]: FromSchema<Rest> }
    : JsonObject;

type FromType<Schema, Type> = Type extends keyof TypesByName
  ? TypesByName[Type]
  : Type extends 'array'
    ? Schema extends { readonly items: infer Items }
      ? readonly FromSchema<Items>[]
      : readonly Json[]
    : Type extends 'object'
      ? FromProperties<Schema>
      : Json;

/** The type of what fits a JSON Schema, as far as types can say it; what they cannot say is any JSON value. */
export type FromSchema<Schema> = Schema extends { readonly const: infer Value }
  ? Value
  : Schema extends { readonly enum: readonly (infer Value)[] }
    ? Value
    : Schema extends { readonly anyOf: readonly (infer Part)[] } | { readonly oneOf: readonly (infer Part)[] }
      ? FromSchema<Part>
      : Schema extends { readonly type: readonly (infer Type)[] }
        ? FromType<Schema, Type>
        : Schema extends { readonly type: infer Type }
          ? FromType<Schema, Type>
          : Schema extends { readonly properties: unknown }
            ? FromProperties<Schema>
            : Json;
