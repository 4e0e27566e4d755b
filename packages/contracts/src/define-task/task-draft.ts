import type { Json } from '../json.ts';
import type { StepDefinition, TaskDefinition } from '../task-definition.ts';
import type { ActionInput, ActionName, ActionOutput } from './action-types.ts';
import type { Ref, Value } from './reference.ts';
import type { InputOf, InputSchema } from './schema-types.ts';
import type { Templated, TemplatedJson } from './templated.ts';

/** Name of an action; those of an application's own are free. */
export type ActionWord = ActionName | (string & {});

/** An expression without braces: a reference, `cel`, or its text. */
export type Expression = Value<unknown> | string;

/** Facts of the run that references can name. */
export interface RunFacts<Input> {
  readonly input: Ref<Input>;
  readonly run: { readonly id: Ref<string> };
  readonly workspace: { readonly id: Ref<string> };
  readonly task: { readonly slug: Ref<string> };
}

/** What a step knows of itself; its key is the same in every attempt. */
interface SelfFacts {
  readonly id: Ref<string>;
  readonly key: Ref<string>;
}

/** A step of whose output nothing is asked. */
export interface AnyStep {
  readonly id: string;
  readonly output: Value<unknown>;
}

/** A step that can be referred to. */
export interface StepHandle<Output = Json> extends AnyStep {
  readonly output: Value<unknown> & Ref<Output>;
}

type ItemOf<Each> = Each extends Value<infer List> ? (List extends readonly (infer Item)[] ? Item : Json) : Json;

/** What a step gives: a list where it is a loop, null where its condition may skip it. */
export type StepOutput<Action extends string, Each, When> = [Each] extends [undefined]
  ? ActionOutput<Action> | ([When] extends [undefined] ? never : null)
  : readonly (ActionOutput<Action> | ([When] extends [undefined] ? never : null))[];

/** What `with` of a step can name beside the rest. */
export interface ItemScope<Each> {
  readonly self: SelfFacts;
  /** What the loop is at; only in a step with `forEach`. */
  readonly item: [Each] extends [undefined] ? never : Ref<ItemOf<Each>>;
  /** Its number, from 0. */
  readonly index: [Each] extends [undefined] ? never : Ref<number>;
}

type InputFor<Action extends string, Scope> = Templated<ActionInput<Action>> | ((scope: Scope) => Templated<ActionInput<Action>>);

/** `with` may be left out where the action needs nothing. */
type WithPart<Action extends string, Scope> =
  Record<never, never> extends ActionInput<Action>
    ? { readonly with?: InputFor<Action, Scope> }
    : { readonly with: InputFor<Action, Scope> };

type StepFacts = Pick<StepDefinition, 'name' | 'retry' | 'timeout' | 'maxParallel'>;
type UndoFacts = Pick<StepDefinition, 'name' | 'retry' | 'timeout'>;

/** What undoes a step. */
export type UndoDraft<Action extends string> = UndoFacts & { readonly action: Action } & WithPart<
    Action,
    { readonly self: SelfFacts }
  >;

/** A step as it is written in a callback. */
export type StepDraft<Action extends string, Each, When, Undo extends string> = StepFacts & {
  readonly action: Action;
  /** Steps that are done before; those that it refers to need not be named. */
  readonly needs?: readonly (AnyStep | string)[];
  readonly when?: When;
  readonly forEach?: Each;
  /** A loop cannot be undone as a whole. */
  readonly onFailure?: [Each] extends [undefined]
    ?
        | UndoDraft<Undo>
        | ((scope: {
            readonly output: Ref<StepOutput<Action, undefined, undefined>>;
            readonly self: SelfFacts;
          }) => UndoDraft<Undo>)
    : never;
} & WithPart<Action, ItemScope<Each>>;

/** What the callback for the steps gets. */
export interface StepScope<Input> extends RunFacts<Input> {
  /** A secret of the workspace; only in fields that take secrets, alone or behind one word. */
  readonly secret: (name: string) => Ref<string>;
  /** Adds a step. Steps that do not need each other go on side by side. */
  readonly step: <
    const Action extends ActionWord,
    const Each extends Expression | undefined = undefined,
    const When extends Expression | undefined = undefined,
    const Undo extends ActionWord = never,
  >(
    id: string,
    draft: StepDraft<Action, Each, When, Undo>,
  ) => StepHandle<StepOutput<Action, Each, When>>;
}

/** A step in an object of steps; its id is its name there. */
export type ListedStep<Action extends string, Others extends string> = StepFacts & {
  readonly action: Action;
  readonly needs?: readonly Others[];
  readonly when?: Expression;
  readonly forEach?: Expression;
  readonly onFailure?: UndoFacts & { readonly action: string; readonly with?: { readonly [name: string]: TemplatedJson } };
  readonly with?: Templated<ActionInput<Action>>;
};

/** Every listed step, checked by its own action and by the names of the others. */
export type ListedSteps<Steps> = {
  readonly [Id in keyof Steps]: Steps[Id] extends { readonly action: infer Action extends string }
    ? ListedStep<Action, Exclude<keyof Steps & string, Id>>
    : { readonly action: ActionName };
};

type HandlesOf<Steps> = {
  readonly [Id in keyof Steps]: Steps[Id] extends AnyStep
    ? Steps[Id]
    : Steps[Id] extends { readonly action: infer Action extends string }
      ? StepHandle<
          StepOutput<
            Action,
            Steps[Id] extends { readonly forEach: infer Each } ? Each : undefined,
            Steps[Id] extends { readonly when: infer When } ? When : undefined
          >
        >
      : never;
};

/** Everything of a task but its steps. */
export interface TaskFacts<Schema extends InputSchema | undefined, Steps, Output> extends Omit<
  TaskDefinition,
  'input' | 'steps' | 'action' | 'with' | 'output' | 'concurrency'
> {
  /** What a run takes: a schema of zod (4.2 or later), or a JSON Schema. */
  readonly input?: Schema;
  /** What a run gives. @default the outputs of the steps that no other needs */
  readonly output?: Output | ((scope: RunFacts<InputOf<Schema>> & { readonly steps: HandlesOf<Steps> }) => Output);
  readonly concurrency?:
    | { readonly key: Expression; readonly limit: number }
    | ((scope: Pick<RunFacts<InputOf<Schema>>, 'input' | 'workspace'>) => { readonly key: Expression; readonly limit: number });
}

/** A task whose steps are made in a callback. What it returns is what `output` can name. */
export interface CallbackTask<Schema extends InputSchema | undefined, Steps, Output> extends TaskFacts<Schema, Steps, Output> {
  readonly steps: (scope: StepScope<InputOf<Schema>>) => Steps;
}

/** A task whose steps stand in an object. */
export interface ListedTask<Schema extends InputSchema | undefined, Steps, Output> extends TaskFacts<Schema, Steps, Output> {
  readonly steps: Steps & ListedSteps<Steps>;
}

/** A task of one action. */
export type ActionTask<Schema extends InputSchema | undefined, Action extends string, Output> = TaskFacts<
  Schema,
  { readonly main: StepHandle<ActionOutput<Action>> },
  Output
> & { readonly action: Action } & WithPart<
    Action,
    RunFacts<InputOf<Schema>> & { readonly self: SelfFacts; readonly secret: StepScope<never>['secret'] }
  >;
