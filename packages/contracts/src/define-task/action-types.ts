import type { z } from 'zod';
import type { ACTIONS } from '../actions/index.ts';
import type { Json, JsonObject } from '../json.ts';

type BuiltIn = (typeof ACTIONS)[number];

/** Name of a built-in action. */
export type ActionName = BuiltIn['type'];

type ContractOf<Name extends string> = Extract<BuiltIn, { readonly type: Name }>;
type OrJson<Value> = [unknown] extends [Value] ? Json : Value;

/** What an action takes; that of an application's own action is any object. */
export type ActionInput<Name extends string> = Name extends ActionName ? z.input<ContractOf<Name>['input']> : JsonObject;

/** What an action gives; of an application's own action nothing is known. */
export type ActionOutput<Name extends string> = Name extends ActionName ? OrJson<z.output<ContractOf<Name>['output']>> : Json;
